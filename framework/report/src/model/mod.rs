//! The page of a trained network, one section per file.
//!
//! | file | holds |
//! |---|---|
//! | `headline.rs` | purpose, metrics, cost, next steps |
//! | `examples.rs` | images, ground truth and prediction side by side |
//! | `items.rs` | metrics per class or joint |
//! | `layers.rs` | parameters and multiply-adds, per part and per layer |
//! | `provenance.rs` | its origin |

mod examples;
mod headline;
mod items;
mod layers;
mod provenance;

use maud::html;
use nasfw_model::Model;
use nasfw_sdk::registry::SpaceEntry;
use nasfw_sdk::{Result, Sketch};

pub use examples::{Example, Examples};

use crate::page::{document, section, sketch_image};

/// The page of a model. `name` is its folder, `shown` the same as commands name it, quoted for a
/// shell; without `examples` the page has no section for predictions.
pub fn page(model: &Model, name: &str, shown: &str, examples: &Examples) -> String {
    let description = model.description();
    let title = format!("Model {name}");
    let body = html! {
        (headline::section(description, name, shown))
        (examples::section(examples))
        (items::section(description))
        (section("architecture", "Architecture", &html! {
            p { code { (description.provenance.genotype) } }
            @match sketches(model) {
                Ok(sketches) => div.sketches {
                    @for sketch in &sketches { (sketch_image(sketch, "the architecture")) }
                },
                Err(e) => p.note { "Not drawn: " (e) },
            }
        }))
        (layers::section(description))
        (provenance::section(description))
        footer { "Made by " code { "nasfw report" } " " (env!("CARGO_PKG_VERSION"))
            " from the model's records; it works offline." }
    };
    document(&format!("{title} · nasfw"), &body)
}

/// The space's sketches, where the space is in this program.
fn sketches(model: &Model) -> Result<Vec<Sketch>> {
    let provenance = &model.description().provenance;
    let entry = SpaceEntry::of_plugin(&provenance.space.plugin)?;
    let space = (entry.build)(&provenance.space.settings)?;
    let choices = space.parse(&provenance.genotype)?;
    space.sketches(&choices)
}
