//! Counts equal networks of the encoder-decoder space: the figures of
//! `docs/decisions/0020-equal-networks.md`.
//!
//! ```sh
//! cargo run --release -p nasfw-plugins --example equal_networks
//! ```

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use std::collections::BTreeSet;
use std::time::Instant;

use nasfw_plugins::spaces::{EncoderDecoder, EncoderDecoderConfig};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Choices, IoChannels, Result, SearchSpace, Seed, testing};

/// The wiring of ARCH0, followed by a cell.
const WIRING: [usize; 6] = [3, 3, 3, 2, 3, 0];
/// A cell without redundance, ARCH0's.
const CELL: [usize; 13] = [8, 0, 0, 5, 2, 0, 2, 8, 8, 0, 5, 1, 4];

fn main() -> Result<()> {
    wirings()?;
    cells_of_one_layer()?;
    for layers in [1, 2, 3] {
        own_forms(layers, 200_000)?;
    }
    for layers in [3, 4, 5, 8] {
        times(layers, 500)?;
    }
    neighbours(40)
}

fn space(layers: usize) -> Result<EncoderDecoder> {
    EncoderDecoder::from_config(EncoderDecoderConfig {
        layers,
        ..EncoderDecoderConfig::default()
    })
}

fn fingerprint(space: &EncoderDecoder, choices: &Choices) -> Result<String> {
    Ok(space.decode(choices, &IoChannels::rgb(21))?.fingerprint())
}

/// All sequences of the first `arities.len()` decisions.
fn all(arities: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let count: usize = arities.iter().product();
    (0..count).map(move |mut number| {
        (arities.iter().rev())
            .map(|&arity| {
                let digit = number % arity;
                number /= arity;
                digit
            })
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect()
    })
}

fn wirings() -> Result<()> {
    let space = space(3)?;
    let (mut forms, mut prints) = (BTreeSet::new(), BTreeSet::new());
    let since = Instant::now();
    for wiring in all(&space.schema().arities()[..6]) {
        let choices = space.schema().choices([&wiring[..], &CELL].concat())?;
        forms.insert(space.canonical(&choices)?);
        prints.insert(fingerprint(&space, &choices)?);
    }
    println!(
        "wirings under one cell: 14400, {} canonical, {} fingerprints, {:.1?} each",
        forms.len(),
        prints.len(),
        since.elapsed() / 14_400
    );
    Ok(())
}

/// Counts forms and fingerprints of all cells of one layer.
fn cells_of_one_layer() -> Result<()> {
    let space = space(1)?;
    let mut forms = BTreeSet::new();
    for cell in all(&space.schema().arities()[6..]) {
        let choices = space.schema().choices([&WIRING[..], &cell].concat())?;
        forms.insert(space.canonical(&choices)?);
    }
    let mut prints = BTreeSet::new();
    for form in &forms {
        prints.insert(fingerprint(&space, form)?);
    }
    println!(
        "cells of one layer: 5324, {} canonical, {} fingerprints",
        forms.len(),
        prints.len()
    );
    Ok(())
}

/// Each network has one form, so the share of choices that are their own form counts networks.
fn own_forms(layers: usize, samples: u32) -> Result<()> {
    let space = space(layers)?;
    let mut rng = Seed(1).stream("own forms");
    let mut own = [0_u32; 2];
    for _ in 0..samples {
        let choices = testing::random_choices(space.schema(), &mut rng);
        let form = space.canonical(&choices)?;
        own[0] += u32::from(form[6..] == choices[6..]);
        own[1] += u32::from(form == choices);
    }
    let arities = space.schema().arities();
    for (what, own, first) in [("cells", own[0], 6), ("choices", own[1], 0)] {
        let share = f64::from(own) / f64::from(samples);
        let error = (share * (1.0 - share) / f64::from(samples)).sqrt();
        let count: f64 = arities[first..].iter().map(|&a| a as f64).product();
        println!(
            "{what} of {layers} layers: {count:.4e}, {share:.5} (standard error {error:.5}) are \
             their own form: {:.3e} networks, 1 in {:.1}",
            share * count,
            1.0 / share
        );
    }
    Ok(())
}

fn times(layers: usize, samples: u32) -> Result<()> {
    let space = space(layers)?;
    let mut rng = Seed(2).stream("times");
    let mut took = Vec::new();
    for _ in 0..samples {
        let choices = testing::random_choices(space.schema(), &mut rng);
        let since = Instant::now();
        space.canonical(&choices)?;
        took.push(since.elapsed());
    }
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "a form of {layers} layers: median {:.1?}, 99 % within {:.1?}, at most {:.1?}",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

/// Compares random architectures with all that differ in one decision.
fn neighbours(samples: usize) -> Result<()> {
    let space = space(3)?;
    let arities = space.schema().arities();
    let mut rng = Seed(3).stream("neighbours");
    let (mut pairs, mut one_form, mut one_print, mut missed) = (0, 0, 0, 0);
    for _ in 0..samples {
        let choices = testing::random_choices(space.schema(), &mut rng);
        let (form, print) = (space.canonical(&choices)?, fingerprint(&space, &choices)?);
        for (at, &arity) in arities.iter().enumerate() {
            for option in (0..arity).filter(|&o| o != choices[at]) {
                let mut values = choices.to_vec();
                values[at] = option;
                let other = space.schema().choices(values)?;
                let same_form = space.canonical(&other)? == form;
                let same_print = fingerprint(&space, &other)? == print;
                pairs += 1;
                one_form += usize::from(same_form);
                one_print += usize::from(same_print);
                if same_form && !same_print {
                    println!("one form, two networks: {}", space.genotype(&choices)?);
                }
                if same_print && !same_form {
                    missed += 1;
                    println!(
                        "one network, two forms: {} and {}",
                        space.genotype(&choices)?,
                        space.genotype(&other)?
                    );
                }
            }
        }
    }
    println!(
        "{pairs} pairs that differ in one decision: {one_print} one network, {one_form} with one \
         form, {missed} missed"
    );
    Ok(())
}
