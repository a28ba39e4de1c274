//! Every call of every kind, on the misbehaving library's items.

use nasfw_sdk::registry::{ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use nasfw_sdk::{
    Controller, Cost, DataInfo, Decision, IoChannels, Label, LossBatch, Metrics, Outcome, Policy,
    Prediction, Proposal, Result, RewardSchedule, Schema, SearchSpace, Seed, Size, Split, Task,
};
use serde_json::Value;

use crate::library::rude;

pub(crate) fn space(settings: &Value) -> Result<Box<dyn SearchSpace>> {
    rude();
    (SpaceEntry::find("rude-space")?.build)(settings)
}

pub(crate) fn controller(settings: &Value) -> Result<Box<dyn Controller>> {
    rude();
    let mut rng = Seed(1).stream("controller");
    (ControllerEntry::find("rude-controller")?.build)(settings, &schema(), &mut rng)
}

pub(crate) fn schedule(settings: &Value) -> Result<Box<dyn RewardSchedule>> {
    rude();
    (ScheduleEntry::find("rude-schedule")?.build)(settings)
}

pub(crate) fn task(settings: &Value) -> Result<Box<dyn Task>> {
    rude();
    (TaskEntry::find("rude-task")?.build)(settings)
}

pub(crate) fn schema() -> Schema {
    Schema::new(vec![
        Decision::new("a", "", ["x", "y"]),
        Decision::new("b", "", ["x", "y", "z"]),
    ])
    .unwrap()
}

/// Every operation of a space, one call each; the first error.
pub(crate) fn use_space(space: &dyn SearchSpace, call: &str) -> Result<()> {
    let choices = space.schema().choices(vec![2, 1, 0])?;
    match call {
        "decode" => drop(space.decode(&choices, &IoChannels::rgb(3))?),
        "genotype" => drop(space.genotype(&choices)?),
        "parse" => drop(space.parse("d0w0k0")?),
        "sketches" => drop(space.sketches(&choices)?),
        "facts" => drop(space.facts(&choices)?),
        "canonical" => drop(space.canonical(&choices)?),
        other => panic!("no call {other}"),
    }
    Ok(())
}

pub(crate) fn use_controller(it: &mut dyn Controller, call: &str) -> Result<()> {
    let mut rng = Seed(2).stream("use");
    let proposal = Proposal {
        choices: schema().choices(vec![1, 2])?,
        log_prob: Some(-1.0),
    };
    match call {
        "propose" => drop(it.propose(&mut rng)?),
        "observe" => {
            let reward = 0.5;
            it.observe(&Outcome::Scored { proposal, reward }, &mut rng)?;
        }
        "probabilities" => drop(policy(it).probabilities(&[0])?),
        "log_prob" => policy(it).log_prob(&proposal.choices).map(drop)?,
        "save" => drop(it.save()?),
        "load" => it.load(&it.save()?)?,
        other => panic!("no call {other}"),
    }
    Ok(())
}

fn policy(it: &dyn Controller) -> &dyn Policy {
    it.policy().expect("it said that it has one")
}

pub(crate) fn use_schedule(it: &mut dyn RewardSchedule, call: &str) -> Result<()> {
    match call {
        "verdict" => drop(it.verdict(0, 0.5, &mut Seed(3).stream("use"))?),
        "reward" => it.reward(&[0.5], &Cost::default()).map(drop)?,
        "save" => drop(it.save()?),
        "load" => it.load(&it.save()?)?,
        other => panic!("no call {other}"),
    }
    Ok(())
}

pub(crate) fn use_task(task: &dyn Task, call: &str) -> Result<()> {
    let info = DataInfo::default();
    let truth = Label::Depth {
        width: 2,
        height: 2,
        values: vec![1.0; 4],
    };
    let outputs = [0.5; 4];
    match call {
        "output_channels" => task.output_channels(&info).map(drop)?,
        "reward" => task.reward(&Metrics::new([("mae", 1.0)])?).map(drop)?,
        "scorer" | "add" | "metrics" => {
            let mut scorer = task.scorer(&info)?;
            let prediction = Prediction {
                height: 2,
                width: 2,
                channels: 1,
                values: &outputs,
                image_size_px: Size::square(2),
            };
            scorer.add(&prediction, &truth)?;
            scorer.metrics()?;
        }
        "custom_loss" => {
            let batch = LossBatch {
                batch: 1,
                height: 2,
                width: 2,
                channels: 1,
                outputs: &outputs,
                truths: std::slice::from_ref(&truth),
            };
            task.custom_loss(&batch, &mut [0.0; 4])?;
        }
        "sample_size" => drop(task.data().unwrap().size_px(Split::Train, 0)?),
        "fill" => {
            let data = task.data().unwrap();
            let Size { width, height } = data.size_px(Split::Train, 0)?;
            let mut label = Label::Depth {
                width,
                height,
                values: vec![0.0; width * height],
            };
            let mut image = vec![0; width * height * 3];
            data.fill(Split::Train, 0, &mut image, &mut label)?;
        }
        other => panic!("no call {other}"),
    }
    Ok(())
}

/// Every kind, with its operations.
pub(crate) const CALLS: [(&str, &[&str]); 4] = [
    (
        "space",
        &[
            "decode",
            "genotype",
            "parse",
            "sketches",
            "facts",
            "canonical",
        ],
    ),
    (
        "controller",
        &[
            "propose",
            "observe",
            "probabilities",
            "log_prob",
            "save",
            "load",
        ],
    ),
    ("schedule", &["verdict", "reward", "save", "load"]),
    (
        "task",
        &[
            "output_channels",
            "reward",
            "scorer",
            "add",
            "metrics",
            "custom_loss",
            "sample_size",
            "fill",
        ],
    ),
];

/// Creates an item from its settings and calls `call` of it.
pub(crate) fn ask(kind: &str, settings: &Value, call: &str) -> Result<()> {
    match kind {
        "space" => use_space(&*space(settings)?, call),
        "controller" => use_controller(&mut *controller(settings)?, call),
        "schedule" => use_schedule(&mut *schedule(settings)?, call),
        _ => use_task(&*task(settings)?, call),
    }
}
