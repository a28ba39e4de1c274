//! Another run to compare with, such as one of random search.

use std::collections::BTreeSet;

use nasfw_engine::{Contenders, Machine, Trial};
use toml::{Table, Value};

use super::Recorded;

/// The parts of another run that the page shows.
pub(super) struct Baseline {
    /// Its name in legends.
    pub(super) name: String,
    pub(super) controller: String,
    pub(super) trials: Vec<Trial>,
    pub(super) contenders: Option<Contenders>,
    pub(super) machines: Vec<Machine>,
    /// Keys of the settings that differ, but for the controller's.
    pub(super) differences: Vec<String>,
    /// Seconds that its search took.
    pub(super) seconds: f64,
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
            differences: differences(&run.settings, &other.settings),
            seconds: other.spent.values().sum(),
        })
    }
}

/// Tables of settings that decide what rewards mean, and the key of a path in them that may differ.
const COMPARED: [&str; 9] = [
    "space", "task", "schedule", "data", "meta", "encoder", "warmup", "teacher", "features",
];
const PATH: &str = "data.path";

/// The settings that differ, by their keys, the seed and the number of trials among them.
fn differences(one: &Table, other: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for name in COMPARED {
        compare(name, one.get(name), other.get(name), &mut found);
    }
    for key in ["seed", "trials"] {
        let of = |table: &Table| table.get("run").and_then(|run| run.get(key)).cloned();
        if of(one) != of(other) {
            found.push(format!("run.{key}"));
        }
    }
    found
}

fn compare(key: &str, one: Option<&Value>, other: Option<&Value>, found: &mut Vec<String>) {
    match (one, other) {
        (Some(Value::Table(one)), Some(Value::Table(other))) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for inner in keys {
                compare(
                    &format!("{key}.{inner}"),
                    one.get(inner),
                    other.get(inner),
                    found,
                );
            }
        }
        _ if one == other || key == PATH => {}
        _ => found.push(key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_differ_are_named() -> Result<(), toml::de::Error> {
        let read = |text: &str| text.parse::<Table>();
        let one = read(
            "[run]\nseed=0\ntrials=4\n[controller]\nname='bayes'\n[data]\npath='a'\n[space.encoder]\nwidth=1.0",
        )?;
        let other = read(
            "[run]\nseed=1\ntrials=4\n[controller]\nname='random'\n[data]\npath='b'\n[space.encoder]\nwidth=0.5",
        )?;
        assert_eq!(
            differences(&one, &other),
            ["space.encoder.width", "run.seed"]
        );
        assert!(differences(&one, &one).is_empty());
        Ok(())
    }
}
