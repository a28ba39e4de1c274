//! Draws three architectures of the built-in space and prints their genotype, cost and sketches.
//!
//! `cargo run --example random_architectures`
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use nasfw_plugins as _;
use nasfw_report::sketch::to_text;
use nasfw_sdk::registry::SpaceEntry;
use nasfw_sdk::{IoChannels, Seed, Size, testing};

fn main() -> nasfw_sdk::Result<()> {
    let entry = SpaceEntry::of_plugin("segm")?;
    let space = (entry.build)(&(entry.defaults)())?;
    let mut rng = Seed(1).stream("example");
    for _ in 0..3 {
        let choices = testing::random_choices(space.schema(), &mut rng);
        let graph = space.decode(&choices, &IoChannels::rgb(21))?;
        let cost = graph.cost(Size::square(512));
        println!("{}", space.genotype(&choices)?);
        println!("{} parameters, {} multiply-adds", cost.params, cost.macs);
        for sketch in space.sketches(&choices)? {
            println!("\n{}", to_text(&sketch, 80));
        }
    }
    Ok(())
}
