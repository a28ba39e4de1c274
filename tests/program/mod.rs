//! Calling the program as a user does.

#![allow(dead_code, reason = "each test program uses a part")]

mod small;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nasfw_engine::search::WARM_WEIGHTS;
use nasfw_engine::store::Run;
use nasfw_engine::{Ending, Evaluation, RecordedProposal, Status, Trial};
use nasfw_sdk::{Cost, Metrics, SearchSpace, Seed, testing};
use serde_json::Value;
use tempfile::TempDir;

#[allow(unused_imports, reason = "each test program uses a part")]
pub(crate) use small::{sets, small};

/// A separate folder to call the program in.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `nasfw` in the folder.
    pub(crate) fn call(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_nasfw"))
            .args(args)
            .current_dir(self.0.path())
            .env("XDG_CACHE_HOME", self.0.path().join(".cache"))
            .env("NASFW_CACHE", "off")
            .output()
            .unwrap()
    }

    /// Standard output of a call that must succeed.
    pub(crate) fn text(&self, args: &[&str]) -> String {
        let output = self.call(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {errors}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            !text.contains('\u{1b}'),
            "{args:?} writes control codes into a pipe"
        );
        text
    }

    /// The JSON lines of a call that must succeed.
    pub(crate) fn json(&self, args: &[&str]) -> Vec<Value> {
        let text = self.text(args);
        text.lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    }

    /// The trials of a run as JSON lines, without times.
    pub(crate) fn trials(&self, run: &str) -> String {
        self.text(&["trials", run, "--json", "--no-times"])
    }

    /// Two runs have the same trials and encoder, and the same state of controller and schedule,
    /// byte for byte.
    pub(crate) fn assert_same(&self, one: &str, other: &str) {
        assert_eq!(self.trials(one), self.trials(other), "{one}, {other}");
        let state = |run: &str| Run::read(&self.path(run)).unwrap().state().unwrap();
        assert!(state(one).is_some());
        assert!(
            state(one) == state(other),
            "the states of {one} and {other}"
        );
        let warm = |run: &str| Run::read(&self.path(run)).unwrap().artifact(WARM_WEIGHTS);
        assert!(
            warm(one).unwrap() == warm(other).unwrap(),
            "the encoders of {one} and {other}"
        );
    }

    /// A call that must be refused as wrong input (exit code 2) with a message that contains all of
    /// `parts`, and that leaves the folder unchanged.
    pub(crate) fn refuses(&self, args: &[&str], parts: &[&str]) {
        let before = tree(self.0.path());
        let output = self.call(args);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
        assert!(message.starts_with("error: "), "{args:?}: {message}");
        assert!(!message.contains("panicked"), "{args:?}: {message}");
        assert!(
            output.stdout.is_empty(),
            "{args:?} wrote to standard output"
        );
        for part in parts {
            assert!(
                message.contains(part),
                "{args:?} does not say `{part}`: {message}"
            );
        }
        assert_eq!(tree(self.0.path()), before, "{args:?} wrote something");
    }
}

/// A trial as a search records it, without metrics and cost.
pub(crate) fn trial(
    space: &dyn SearchSpace,
    id: u64,
    ending: Ending,
    stage_rewards: Vec<f64>,
) -> Trial {
    let choices = testing::random_choices(space.schema(), &mut Seed(id).stream("test"));
    let last = stage_rewards.last().copied();
    Trial {
        reward: last.filter(|_| ending.status() != Status::Failed),
        proposal: RecordedProposal {
            choices: choices.to_vec(),
            log_prob: Some(-35.1),
            repeat: 0,
        },
        evaluation: Evaluation {
            id,
            genotype: space.genotype(&choices).unwrap(),
            cost: Cost::default(),
            stage_rewards,
            metrics: Metrics::default(),
            ending,
            seconds: 12.5,
        },
    }
}

/// The file name of a library called `name`.
pub(crate) fn library_file(name: &str) -> String {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{prefix}{}{suffix}", name.replace('-', "_"))
}

/// The library of the example `name` of this package, built with the program.
pub(crate) fn example(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_nasfw"));
    let folder = program.parent().unwrap().join("examples");
    folder.join(library_file(name))
}

/// All files and folders below `root`, sorted.
fn tree(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".cache") {
                continue; // kept for the user, not part of a call's output
            }
            if path.is_dir() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}
