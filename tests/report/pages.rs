//! Pages of runs and models, through the program.

use std::fs;

use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::store::{Run, SearchState};
use nasfw_engine::{Config, Ending, Status, Trial};
use nasfw_plugins as _; // Linked so that its items are registered.
use nasfw_sdk::State;
use nasfw_sdk::{Cost, Metrics, SearchSpace};

use crate::program::{self, Place, sets, small};

fn config(trials: u64) -> Config {
    let layers = Layers::new(Preset::Demo).flag("--trials", "run.trials", trials as i64);
    layers.resolve().unwrap()
}

/// A trial as a search records it: one in five stopped early, one in fifty failed.
fn trial(space: &dyn SearchSpace, id: u64) -> Trial {
    let first = 0.2 + 0.2 * ((id * 37) % 101) as f64 / 101.0;
    let reward = first + 0.1 * (id as f64 / 2000.0);
    let (ending, stage_rewards) = match id {
        id if id % 50 == 7 => {
            let reason = format!("loss is NaN in step {id}");
            (Ending::Failed { reason }, vec![])
        }
        id if id % 5 == 1 => {
            let reason = format!("reward {first:.4} after stage 0");
            (Ending::Stopped { reason }, vec![first])
        }
        _ => (Ending::Complete, vec![first, reward]),
    };
    let mut trial = program::trial(space, id, ending, stage_rewards);
    trial.evaluation.cost.params = 1_000_000 + (id as usize * 7919) % 900_000;
    trial.evaluation.cost.macs = 200_000_000 + (id * 104_729) % 500_000_000;
    trial.evaluation.metrics = Metrics::new([("miou", reward)]).unwrap();
    trial
}

/// A run of `count` trials named `r`, its trials changed by `change`.
pub(crate) fn run_of(place: &Place, count: u64, change: impl Fn(&mut Trial)) {
    let config = config(count.max(1));
    let space = config.make_space().unwrap();
    let mut run = Run::create(&place.path("r"), &config).unwrap();
    let state = SearchState {
        controller: State(vec![1]),
        schedule: State(vec![2]),
    };
    for id in 0..count {
        let mut trial = trial(&*space, id);
        change(&mut trial);
        run.append(&trial, &state).unwrap();
    }
    run.note_constant_reward(0.15).unwrap();
    run.add_spent(&[("stage 0".into(), 60.0), ("data".into(), 30.0)])
        .unwrap();
}

fn report(place: &Place, args: &[&str], file: &str) -> String {
    let said = place.text(&[&["report"], args].concat());
    let page = fs::read_to_string(place.path(file)).unwrap();
    assert!(said.contains(&format!("{} bytes", page.len())), "{said}");
    page
}

/// The page fetches nothing and executes nothing.
fn assert_self_contained(page: &str) {
    for outside in ["url(", "@import", "<script", "<link", "<iframe", "srcset"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for attribute in ["src=\"", "href=\""] {
        for value in page.split(attribute).skip(1) {
            let is_inside = value.starts_with("data:image/") || value.starts_with('#');
            assert!(is_inside, "{attribute}{}", &value[..40]);
        }
    }
    assert!(!page.contains("://"), "an address: it names no other place");
}

#[test]
fn a_page_of_two_thousand_trials_is_small_and_the_same_again() {
    let place = Place::new();
    run_of(&place, 2000, |_| {});
    let page = report(&place, &["r"], "r/report.html");
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert_self_contained(&page);
    assert_eq!(
        page,
        report(&place, &["r", "--out", "again.html"], "again.html")
    );
    for part in [
        "Best: trial",
        "constant-prediction baseline: 0.1500",
        "nasfw train --from r --out MODEL",
        "nasfw resume r --trials 4000",
        "1,560 trials completed all stages, 400 stopped early",
        "Reward of every trial",
        "First rewards and early termination",
        "Reward against parameters",
        "op (7 decisions)",
        "alt=\"wiring of trial",
        "loss is NaN in step 7",
        "66.7 %",
        "seed = 0",
    ] {
        assert!(page.contains(part), "`{part}` is missing");
    }
    // Every chart has a description in words, and axes have names.
    let charts = page.matches("role=\"img\"").count();
    assert_eq!(charts, page.matches("role=\"img\" aria-label=\"").count());
    assert!(charts > 20, "{charts}");
    // Reading changes nothing in the run.
    let files: Vec<String> = names(&place, "r");
    assert_eq!(
        files,
        [
            "config.toml",
            "report.html",
            "run.blake3",
            "run.db",
            "run.lock"
        ]
    );
}

fn names(place: &Place, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(place.path(folder)).unwrap();
    let name = |e: std::io::Result<fs::DirEntry>| e.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn text_of_users_is_text() {
    let place = Place::new();
    run_of(&place, 10, |trial| {
        trial.evaluation.genotype = "</code><script>alert(1)</script>".into();
        if let Ending::Failed { reason } = &mut trial.evaluation.ending {
            *reason = "<img src=x onerror=\"alert(2)\"> & more".into();
        }
    });
    fs::rename(place.path("r"), place.path("<script>3")).unwrap();
    let page = report(&place, &["<script>3"], "<script>3/report.html");
    assert!(!page.contains("<script") && !page.contains("<img src=x"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(page.contains("&lt;img src=x onerror=&quot;alert(2)&quot;&gt; &amp; more"));
    assert!(page.contains("<title>Search '&lt;script&gt;3'"));
}

#[test]
fn runs_without_results_have_a_page_too() {
    let place = Place::new();
    run_of(&place, 0, |_| {});
    let page = report(&place, &["r"], "r/report.html");
    assert!(page.contains("No trials yet") && page.contains("nasfw resume r"));
    assert_self_contained(&page);
    fs::remove_dir_all(place.path("r")).unwrap();
    run_of(&place, 3, |trial| {
        trial.reward = None;
        trial.evaluation.stage_rewards = vec![];
        trial.evaluation.cost = Cost::default();
        trial.evaluation.ending = Ending::Failed {
            reason: "out of memory".into(),
        };
    });
    let page = report(&place, &["r"], "r/report.html");
    assert!(page.contains("No trial could be evaluated"));
    assert!(page.contains("3 trials could not be evaluated") && page.contains("0, 1, 2"));
    fs::remove_dir_all(place.path("r")).unwrap();
    // One trial, stopped early; and choices of another space.
    run_of(&place, 2, |trial| {
        trial.evaluation.ending = Ending::Stopped {
            reason: "low".into(),
        };
        trial.proposal.choices = vec![999];
    });
    let page = report(&place, &["r"], "r/report.html");
    assert!(page.contains("No trial completed all stages"));
}

#[test]
fn a_run_of_another_program_is_told_without_names() {
    let place = Place::new();
    run_of(&place, 6, |_| {});
    // The plugin has another name in the database, of the same length.
    let path = place.path("r/run.db");
    let mut bytes = fs::read(&path).unwrap();
    let (from, to) = (b"plugin = \"segm\"", b"plugin = \"lost\"");
    let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
    fs::write(&path, bytes).unwrap();
    let page = report(&place, &["r"], "r/report.html");
    assert!(page.contains("Choices have no names"), "{page}");
    assert!(page.contains("Best: trial") && !page.contains("alt=\"wiring"));
}

#[test]
fn a_run_is_compared_with_another() {
    let place = Place::new();
    run_of(&place, 30, |trial| {
        trial.reward = trial.reward.map(|r| r / 2.0)
    });
    fs::rename(place.path("r"), place.path("chance")).unwrap();
    run_of(&place, 20, |_| {});
    let page = report(&place, &["r", "--baseline", "chance"], "r/report.html");
    assert_self_contained(&page);
    assert!(page.contains("best so far of chance (bayes)"));
    // The other run's value after 20 trials, not after 30.
    let view = Run::read(&place.path("chance")).unwrap();
    let trials = view.trials().unwrap();
    let complete = trials[..20]
        .iter()
        .filter(|t| t.status() == Status::Complete);
    let best = complete.filter_map(|t| t.reward).fold(0.0, f64::max);
    assert!(page.contains(&format!(
        "After as many trials, chance (bayes) had {best:.4}."
    )));
    let mut other = config(5);
    other.task.name = "depth".into();
    Run::create(&place.path("depths"), &other).unwrap();
    place.refuses(
        &["report", "r", "--baseline", "depths"],
        &[
            "depths cannot be a baseline for r",
            "task is `depth`, not `segm`",
        ],
    );
}

#[test]
fn what_is_no_run_and_no_model_is_refused() {
    let place = Place::new();
    place.refuses(&["report", "gone"], &["gone", "no such run"]);
    fs::create_dir(place.path("photos")).unwrap();
    place.refuses(
        &["report", "photos"],
        &[
            "photos",
            "neither a run (no run.db) nor a model (no model.json)",
        ],
    );
    fs::write(place.path("photos/run.db"), [b'x'; 5000]).unwrap();
    place.refuses(&["report", "photos"], &["run photos:", "damaged"]);
    fs::create_dir(place.path("m")).unwrap();
    fs::write(place.path("m/model.json"), "{").unwrap();
    place.refuses(&["report", "m"], &["model m:", "model.json"]);
    run_of(&place, 1, |_| {});
    let is_run = ["is a run, not a model", "nasfw train --from r"];
    place.refuses(&["export", "--model", "r", "--dot", "x"], &is_run);
    place.refuses(&["eval", "--model", "r"], &is_run);
    place.refuses(&["report", "r", "--data", "photos"], &["r is a run"]);
    place.refuses(&["report", "r", "--examples", "2"], &["r is a run"]);
    let genotype = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";
    for file in [
        "r/run.db",
        "r/config.toml",
        "r/new.svg",
        "r/artifacts/x.svg",
    ] {
        place.refuses(
            &["describe", "--genotype", genotype, "--svg", file],
            &[file, "within a run's folder"],
        );
    }
    place.refuses(&["run", "--out", "r/more"], &["within a run's folder"]);
    let to = |out: &'static str| ["report", "r", "--out", out];
    place.refuses(
        &to("nowhere/x.html"),
        &["nowhere/x.html", "folder does not exist"],
    );
    place.refuses(&to("photos"), &["photos cannot be written", "folder"]);
    place.refuses(&to("r/run.db/x.html"), &["cannot be written"]);
}

#[test]
fn a_model_has_a_page_beside_it() {
    let place = Place::new();
    let genotype = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";
    let mut args = vec![
        "train",
        "--genotype",
        genotype,
        "--out",
        "m",
        "--epochs",
        "1",
    ];
    let settings = small(&["training"]);
    args.extend(sets(&settings));
    args.extend(["--set", "train.samples=0"]);
    place.text(&args);
    let page = report(&place, &["m"], "m.html");
    assert_self_contained(&page);
    assert_eq!(page, report(&place, &["m", "--out", "n.html"], "n.html"));
    let weights = fs::read_to_string(place.path("m/model.json")).unwrap();
    let weights: serde_json::Value = serde_json::from_str(&weights).unwrap();
    for part in [
        genotype,
        "nasfw export --model m --onnx network.onnx",
        "alt=\"cell of the architecture\"",
        "layers with parameters",
        "encoder.stem",
        weights["weights"]["blake3"].as_str().unwrap(),
    ] {
        assert!(page.contains(part), "`{part}` is missing");
    }
    assert_eq!(names(&place, "m"), ["model.json", "weights.safetensors"]);
}
