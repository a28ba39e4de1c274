//! Detection of a hopeless search: every trial fails for the same reason.

use crate::error::{Error, Result};

/// Separator between a reason and the last lines of a worker's log, which may differ between
/// trials.
pub(super) const BEFORE_LOG: &str = "; last output: ";

/// Counts consecutive trials that failed for one reason.
pub(super) struct Failures {
    /// Maximum number of consecutive failures; 0 for no limit.
    max: u64,
    in_row: u64,
    kind: String,
}

impl Failures {
    pub(super) fn new(max: u64) -> Self {
        Self {
            max,
            in_row: 0,
            kind: String::new(),
        }
    }

    /// Records whether a trial failed, and for what `reason`.
    ///
    /// # Errors
    /// When there have been too many.
    pub(super) fn count(&mut self, reason: Option<&str>) -> Result<()> {
        let Some(reason) = reason else {
            self.in_row = 0;
            return Ok(());
        };
        let kind = kind(reason);
        self.in_row = if kind == self.kind {
            self.in_row + 1
        } else {
            1
        };
        self.kind = kind;
        if self.in_row == self.max {
            return Err(Error::Failing {
                count: self.in_row,
                reason: reason.to_owned(),
            });
        }
        Ok(())
    }
}

/// The part that reasons of one kind share: they may differ in figures and log lines.
fn kind(reason: &str) -> String {
    let text = reason.split(BEFORE_LOG).next().unwrap_or(reason);
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_reason_in_a_row_ends_a_search() {
        let mut failures = Failures::new(3);
        let nan = |step: u32| Some(format!("loss is NaN in step {step}"));
        let mut ends = |reason: Option<String>| failures.count(reason.as_deref()).is_err();
        assert!(
            ![nan(1), nan(2), None, nan(3), nan(4)]
                .into_iter()
                .any(&mut ends)
        );
        assert!(!ends(Some("out of memory".into())));
        assert!(!ends(nan(5)) && !ends(nan(60)) && ends(nan(7)));
        let mut never = Failures::new(0);
        assert!((0..100).all(|_| never.count(Some("x")).is_ok()));
    }
}
