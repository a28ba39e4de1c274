//! What is told of a search.
//!
//! | file | tells |
//! |---|---|
//! | `recorded.rs` | what the run folder holds, read once |
//! | `baseline.rs` | another run to compare with |
//! | `headline.rs` | the best architecture, and how to go on |
//! | `rewards.rs` | rewards over trials |
//! | `stages.rs` | who came how far, and what ended early |
//! | `costs.rs` | reward against parameters and multiply-adds |
//! | `decisions.rs` | how the choices moved |
//! | `best.rs` | drawings of the best, and a table |
//! | `failures.rs` | what failed, by reason |
//! | `time.rs` | where the time went |
//! | `settings.rs` | configuration, seed, versions |

mod baseline;
mod best;
mod costs;
mod decisions;
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

pub use recorded::Recorded;

use crate::page::document;

/// The page of a run.
pub fn page(run: &Recorded) -> String {
    let body = html! {
        (headline::section(run))
        @if run.trials().is_empty() {
            section {
                h2 { "No trials yet" }
                p { "Nothing was tried so far; the page has more to show once there are trials." }
            }
        } @else {
            // Where nothing could be judged, the reasons are what matters.
            @if run.best().is_none() { (failures::section(run)) }
            (rewards::section(run))
            (stages::section(run))
            (costs::section(run))
            (best::section(run))
            (decisions::section(run))
            @if run.best().is_some() { (failures::section(run)) }
        }
        (time::section(run))
        (settings::section(run))
        footer { "Made by " code { "nasfw report" } " " (env!("CARGO_PKG_VERSION"))
            " from the run's own records; it needs no network." }
    };
    document(&format!("{} · nasfw", run.title()), &body)
}
