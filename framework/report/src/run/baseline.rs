//! Another run to compare with, such as one of random search.

use nasfw_engine::{Contenders, Machine, Trial};

use super::Recorded;

/// The parts of another run that the page shows.
pub(super) struct Baseline {
    /// Its name in legends.
    pub(super) name: String,
    pub(super) controller: String,
    pub(super) trials: Vec<Trial>,
    pub(super) contenders: Option<Contenders>,
    pub(super) machines: Vec<Machine>,
}

impl Baseline {
    /// Takes `other` as a baseline of `run`; an error where their rewards are not comparable.
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
                    "{} cannot be a baseline for {}: its {what} is `{theirs}`, not `{ours}`, so \
                     the rewards are not comparable",
                    other.shown, run.shown
                ));
            }
        }
        let controller = setting(other, &["controller", "name"]);
        Ok(Self {
            name: if controller.is_empty() {
                other.shown.clone()
            } else {
                format!("{} ({controller})", other.shown)
            },
            controller,
            trials: other.trials.clone(),
            contenders: other.contenders.clone(),
            machines: other.machines.clone(),
        })
    }
}
