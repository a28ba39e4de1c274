//! Another run to compare with: what chance finds, say.

use nasfw_engine::Trial;

use super::Recorded;

/// What is shown of it.
pub(super) struct Baseline {
    /// How it is called.
    pub(super) name: String,
    pub(super) trials: Vec<Trial>,
}

impl Baseline {
    /// What `other` is for `run`; why not, where their rewards mean different things.
    pub(super) fn of(other: &Recorded, run: &Recorded) -> Result<Self, String> {
        let data = |run: &Recorded| run.data_fingerprint.clone().unwrap_or_default();
        let setting = |run: &Recorded, path: &[&str]| run.setting(path).unwrap_or_default();
        let must_agree = [
            (
                "task",
                setting(run, &["task", "name"]),
                setting(other, &["task", "name"]),
            ),
            (
                "schedule",
                setting(run, &["schedule", "name"]),
                setting(other, &["schedule", "name"]),
            ),
            ("data", data(run), data(other)),
        ];
        for (what, ours, theirs) in must_agree {
            if ours != theirs {
                return Err(format!(
                    "{} is no baseline of {}: {what} `{theirs}` instead of `{ours}`, so their rewards do not \
                     mean the same",
                    other.shown, run.shown
                ));
            }
        }
        let controller = setting(other, &["controller", "name"]);
        Ok(Self {
            name: match controller.is_empty() {
                true => other.shown.clone(),
                false => format!("{} ({controller})", other.shown),
            },
            trials: other.trials.clone(),
        })
    }
}
