//! The library as programs use it: values of their own types, callbacks, cancellation, resuming.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw::plugins::controllers::random::Random;
use nasfw::plugins::tasks::Depth;
use nasfw::sdk::{
    Blueprint, Net, NoSettings, Pick, RewardSchedule, Rng, Stage, State, Traced, Verdict,
};
use nasfw::{Cancel, Error, Event, Run, Search};

struct Stack;

impl Blueprint for Stack {
    fn build(&self, pick: &mut Pick, net: &mut Net) -> nasfw::sdk::Result<()> {
        let width = pick.one_of("width", [4, 8, 16])?;
        let x = net.image();
        let x = net.conv_bn_relu(x, 3, width);
        net.head(x)
    }
}

/// A schedule that never stops.
#[derive(Clone)]
struct Stages(Vec<Stage>);

impl RewardSchedule for Stages {
    fn stages(&self) -> &[Stage] {
        &self.0
    }

    fn verdict(&mut self, _: usize, _: f64, _: &mut Rng) -> nasfw::sdk::Result<Verdict> {
        Ok(Verdict::Continue)
    }

    fn save(&self) -> nasfw::sdk::Result<State> {
        State::write("stages", &())
    }

    fn load(&mut self, state: &State) -> nasfw::sdk::Result<()> {
        state.read("stages")
    }
}

fn stage(continues: bool, batch: usize) -> Stage {
    Stage {
        continues,
        ..Stage::end_to_end().sized(16, batch, 32)
    }
}

/// The smallest search of the program's own space for depth.
fn search<'a>() -> Search<'a> {
    let stages = [
        "schedule.stage0.samples=8",
        "schedule.stage0.epochs=1",
        "schedule.stage0.crop_px=32",
        "schedule.stage1.samples=8",
        "schedule.stage1.crop_px=32",
    ];
    stages
        .iter()
        .fold(unscheduled(), |it, option| it.set(option))
}

/// The same without settings of a schedule.
fn unscheduled<'a>() -> Search<'a> {
    let small = [
        "data.generator.train=16",
        "data.generator.val=4",
        "data.generator.side_px=32",
    ];
    let search = Search::new(Traced::new(Stack).unwrap())
        .task(Depth)
        .controller::<Random>(NoSettings {})
        .seed(3);
    small
        .iter()
        .fold(search, |search, option| search.set(option))
}

/// Choices and rewards of all trials.
fn trials(run: &Run) -> Vec<(Vec<usize>, Option<f64>)> {
    let trials = run.trials().unwrap().into_iter();
    trials.map(|t| (t.proposal.choices, t.reward)).collect()
}

#[test]
fn a_cancelled_search_resumes_to_the_same_trials() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    let whole = search()
        .trials(6)
        .on_event(|event| seen += usize::from(matches!(event, Event::TrialFinished { .. })))
        .run(folder.path().join("whole"))
        .unwrap();
    assert_eq!(seen, 6);
    assert!(whole.is_complete().unwrap());

    let cancel = Cancel::new();
    let path = folder.path().join("cancelled");
    let cancelled = search()
        .trials(6)
        .cancel_with(&cancel)
        .on_event(|event| {
            if matches!(event, Event::TrialFinished { trial, .. } if trial.id() == 1) {
                cancel.cancel();
            }
        })
        .run(&path)
        .unwrap();
    assert!(!cancelled.is_complete().unwrap());
    assert!(cancelled.trials().unwrap().len() < 6);

    let resumed = search().trials(6).resume(&path).unwrap();
    assert!(resumed.is_complete().unwrap());
    assert_eq!(trials(&resumed), trials(&whole));
    assert_eq!(
        Run::open(&path).unwrap().best().unwrap().genotype(),
        whole.best().unwrap().genotype()
    );
}

#[test]
fn a_search_that_ends_in_the_middle_of_a_training_trains_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let in_rungs = || {
        let rungs = Stages(
            [false, true, true]
                .map(|continues| stage(continues, 8))
                .to_vec(),
        );
        unscheduled().schedule(rungs).trials(3)
    };
    let whole = in_rungs().run(folder.path().join("whole")).unwrap();
    let path = folder.path().join("cancelled");
    let cancel = Cancel::new();
    let cancelled = in_rungs()
        .cancel_with(&cancel)
        .on_event(|event| {
            if matches!(event, Event::Phase { name, .. } if *name == "trial 1, stage 1") {
                cancel.cancel();
            }
        })
        .run(&path)
        .unwrap();
    assert_eq!(cancelled.trials().unwrap().len(), 1);
    let resumed = in_rungs().resume(&path).unwrap();
    assert_eq!(trials(&resumed), trials(&whole));
    for trial in whole.trials().unwrap() {
        assert_eq!(trial.evaluation.stage_rewards.len(), 3);
    }
}

#[test]
fn stages_that_cannot_continue_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    for (stages, part) in [
        (vec![stage(true, 8)], "there is no stage before the first"),
        (
            vec![stage(false, 8), stage(true, 4)],
            "stage 1.batch: 4 is not allowed; 8, as in",
        ),
    ] {
        let refused = unscheduled()
            .schedule(Stages(stages))
            .run(&path)
            .unwrap_err();
        assert!(refused.to_string().contains(part), "{refused}");
        assert!(!path.exists());
    }
}

#[test]
fn what_differs_from_the_record_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    search().trials(1).run(&path).unwrap();
    let refused = |search: Search<'_>, part: &str| {
        let text = search.resume(&path).unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    };
    refused(search().seed(4), "run.seed is 3 in the run and 4 here");
    refused(Search::named("segm"), "space.plugin");
    refused(search().set("run.round=9"), "run.round");
}

#[test]
fn workers_need_names_and_a_program_that_serves() {
    let folder = tempfile::tempdir().unwrap();
    let given = search().workers(2).run(folder.path().join("given"));
    assert!(matches!(&given, Err(Error::Config { message, .. }) if message.contains("register!")));
    let named = Search::named("segm")
        .workers(2)
        .run(folder.path().join("named"));
    let text = named.unwrap_err().to_string();
    assert!(text.contains("nasfw::run_as_worker_if_asked()"), "{text}");
    assert!(!folder.path().join("named").exists());
}
