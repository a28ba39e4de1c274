//! The page of a search, one section per file.
//!
//! | file | holds |
//! |---|---|
//! | `recorded.rs` | the content of the run folder, read once |
//! | `baseline.rs` | another run to compare with |
//! | `headline.rs` | the best architecture, and next steps |
//! | `rewards.rs` | rewards over trials |
//! | `stages.rs` | trials by the stage they reached, and early stopping |
//! | `costs.rs` | reward against parameters and multiply-adds |
//! | `decisions.rs` | choices over time |
//! | `best.rs` | sketches and a table of the best |
//! | `evidence.rs` | noise, correlations, comparison, cost, machines |
//! | `checklist.rs` | what a publication must say, filled in |
//! | `failures.rs` | failed trials by reason |
//! | `time.rs` | time by kind of work |
//! | `settings.rs` | configuration, seed, versions |

mod baseline;
mod best;
mod checklist;
mod costs;
mod decisions;
mod evidence;
mod failures;
mod headline;
mod recorded;
mod rewards;
mod settings;
mod stages;
mod time;

#[cfg(test)]
mod tests;

use maud::html;

pub use recorded::{Recorded, TrainedInFull};

use crate::page::document;

/// The page of a run.
pub fn page(run: &Recorded) -> String {
    let body = html! {
        (headline::section(run))
        @if run.trials().is_empty() {
            section {
                h2 { "No trials yet" }
                p { "The page will show more once there are trials." }
            }
        } @else {
            // Without any result, the reasons come first.
            @if run.best().is_none() { (failures::section(run)) }
            (rewards::section(run))
            (stages::section(run))
            (costs::section(run))
            (best::section(run))
            (decisions::section(run))
            (evidence::section(run))
            @if run.best().is_some() { (failures::section(run)) }
        }
        (time::section(run))
        @if !run.trials().is_empty() { (checklist::section(run)) }
        (settings::section(run))
        footer { "Made by " code { "nasfw report" } " " (env!("CARGO_PKG_VERSION"))
            " from the run's records; it works offline." }
    };
    document(&format!("{} · nasfw", run.title()), &body)
}
