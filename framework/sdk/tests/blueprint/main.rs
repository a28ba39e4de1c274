//! Search spaces as the function that builds a network.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod networks;
mod programs;
mod refusals;

use nasfw_sdk::{Blueprint, Net, Pick, Result};

/// A blueprint of a closure.
struct Build<F>(F);

impl<F> Blueprint for Build<F>
where
    F: Fn(&mut Pick, &mut Net) -> Result<()> + Send + Sync,
{
    fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
        (self.0)(pick, net)
    }
}
