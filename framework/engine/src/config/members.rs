//! `Config` → space, task, schedule, controller; checks of ranges.

use nasfw_sdk::registry::{ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use nasfw_sdk::{
    Controller, Decay, Error as Invalid, RewardSchedule, Rng, Schema, SearchSpace, Seed, Stage,
    StageInput, TargetScale, Task,
};

use super::{Config, Layers, Preset, RunConfig, TrainConfig, TrainDecay};
use crate::error::{Error, Result};

/// Names of members that are values of a Rust program begin with this; the rest is their type.
const VALUE: &str = "value:";

/// The name under which a configuration records a member that is a value of type `T`.
pub(crate) fn value_name<T: ?Sized>() -> String {
    format!("{VALUE}{}", std::any::type_name::<T>())
}

/// The type of the value that a member's name stands for, or the name itself.
pub(crate) fn value_type(name: &str) -> &str {
    name.strip_prefix(VALUE).unwrap_or(name)
}

/// Tells whether a member's name stands for a value, which cannot be made from a configuration.
pub(super) fn is_value(name: &str) -> bool {
    name.starts_with(VALUE)
}

/// Refuses a member that only the program that ran the search can give.
fn check_made_by_name(table: &str, name: &str) -> Result<()> {
    if !is_value(name) {
        return Ok(());
    }
    let message = format!(
        "{table}: {} is a value of the Rust program that made the run; continue there, with a `Search` of \
         the same value",
        value_type(name)
    );
    Err(Error::Config {
        file: None,
        message,
    })
}

impl Config {
    /// Replaces a controller and a schedule that only the program of the search could give by the
    /// defaults: a full training uses neither.
    ///
    /// # Errors
    /// Never in a program with the built-in members.
    pub fn for_training(mut self) -> Result<Self> {
        let defaults = Layers::new(Preset::None).resolve()?;
        if is_value(&self.controller.name) {
            self.controller = defaults.controller;
        }
        if is_value(&self.schedule.name) {
            self.schedule = defaults.schedule;
        }
        Ok(self)
    }

    /// Makes the search space.
    ///
    /// # Errors
    /// When no plugin has this name, or a setting is out of range.
    pub fn make_space(&self) -> Result<Box<dyn SearchSpace>> {
        check_made_by_name("space", &self.space.plugin)?;
        let entry = SpaceEntry::of_plugin(&self.space.plugin)?;
        (entry.build)(&self.space.settings).map_err(|e| e.in_table("space").into())
    }

    /// Makes the task.
    ///
    /// # Errors
    /// As [`make_space`](Config::make_space).
    pub fn make_task(&self) -> Result<Box<dyn Task>> {
        check_made_by_name("task", &self.task.name)?;
        let entry = TaskEntry::find(&self.task.name)?;
        (entry.build)(&self.task.settings).map_err(|e| e.in_table("task").into())
    }

    /// Makes the reward schedule.
    ///
    /// # Errors
    /// As [`make_space`](Config::make_space).
    pub fn make_schedule(&self) -> Result<Box<dyn RewardSchedule>> {
        check_made_by_name("schedule", &self.schedule.name)?;
        let entry = ScheduleEntry::find(&self.schedule.name)?;
        (entry.build)(&self.schedule.settings).map_err(|e| e.in_table("schedule").into())
    }

    /// Makes the controller for `schema`, its first weights drawn from `rng`.
    ///
    /// # Errors
    /// As [`make_space`](Config::make_space).
    pub fn make_controller(&self, schema: &Schema, rng: &mut Rng) -> Result<Box<dyn Controller>> {
        check_made_by_name("controller", &self.controller.name)?;
        let entry = ControllerEntry::find(&self.controller.name)?;
        (entry.build)(&self.controller.settings, schema, rng)
            .map_err(|e| e.in_table("controller").into())
    }

    /// Checks the range of every setting, and makes each member that has a name once.
    ///
    /// # Errors
    /// Names the key and a value that would be accepted.
    pub fn check(&self) -> Result<()> {
        self.check_ranges()?;
        if !is_value(&self.task.name) {
            self.make_task()?;
        }
        if !is_value(&self.schedule.name) {
            self.make_schedule()?;
        }
        if is_value(&self.space.plugin) {
            return Ok(());
        }
        let space = self.make_space()?;
        if !is_value(&self.controller.name) {
            self.make_controller(space.schema(), &mut Seed(self.run.seed).stream("check"))?;
        }
        Ok(())
    }

    pub(crate) fn check_ranges(&self) -> Result<()> {
        at_least_one("run.trials", self.run.trials as usize)?;
        if i64::try_from(self.run.seed).is_err() {
            return Err(invalid("run.seed", self.run.seed, "it must be below 2^63"));
        }
        self.run.device.check_built()?;
        self.run.check_workers()?;
        let share = self.meta.val_share;
        if !(share > 0.0 && share < 1.0) {
            return Err(invalid(
                "meta.val_share",
                share,
                "it must be between 0 and 1, exclusive",
            ));
        }
        self.data.validate()?;
        let warmup = &self.warmup;
        in_range("warmup.batch", warmup.batch)?;
        in_range("warmup.shorter_side_px", warmup.shorter_side_px)?;
        in_range("warmup.crop_px", warmup.crop_px)?;
        in_range("warmup.width", warmup.width)?;
        for (key, value) in [("samples", warmup.samples), ("epochs", warmup.epochs)] {
            if value > MOST_SAMPLES {
                let expected = format!("it must be 0 to {MOST_SAMPLES}");
                return Err(invalid(&format!("warmup.{key}"), value, &expected));
            }
        }
        if !(warmup.lr > 0.0 && warmup.lr.is_finite()) {
            return Err(invalid("warmup.lr", warmup.lr, "it must be above 0"));
        }
        if !(warmup.weight_decay >= 0.0 && warmup.weight_decay.is_finite()) {
            return Err(invalid(
                "warmup.weight_decay",
                warmup.weight_decay,
                "it must be 0 or more",
            ));
        }
        check_train(&self.train)
    }
}

impl RunConfig {
    /// Rounds, workers and their limits.
    fn check_workers(&self) -> Result<()> {
        let ranges = [
            ("run.round", self.round, 1, 1000),
            ("run.workers", self.workers as u64, 0, MOST_WORKERS),
            ("run.retries", self.retries, 0, 100),
            ("run.memory_limit_mb", self.memory_limit_mb, 0, 1 << 40),
            (
                "run.trial_timeout_secs",
                self.trial_timeout_secs,
                0,
                1 << 40,
            ),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(invalid(
                    key,
                    value,
                    &format!("it must be {least} to {most}"),
                ));
            }
        }
        Ok(())
    }
}

fn check_train(train: &TrainConfig) -> Result<()> {
    let as_stage = Stage {
        source: StageInput::Images,
        samples: train.samples,
        epochs: train.epochs,
        batch: train.batch,
        shorter_side_px: train.shorter_side_px,
        crop_px: train.crop_px,
        decoder: train.decoder,
        encoder: train.encoder,
        decay: Decay::Constant,
        clip_norm: train.clip_norm,
        // From a model folder, not from cached features as in a stage.
        distillation: 0.0,
        auxiliary: train.auxiliary,
        polyak: train.polyak,
        targets: TargetScale::Output,
    };
    as_stage.check("train")?;
    if !(train.distillation >= 0.0 && train.distillation.is_finite()) {
        let value = train.distillation;
        return Err(invalid("train.distillation", value, "it must be 0 or more"));
    }
    let [low, high] = train.scale;
    if !(low > 0.0 && low <= high && high <= 16.0) {
        let value = format!("[{low}, {high}]");
        return Err(invalid(
            "train.scale",
            value,
            "expected [low, high] with 0 < low <= high <= 16",
        ));
    }
    if !(0.0..=16.0).contains(&train.scale_least) {
        return Err(invalid(
            "train.scale_least",
            train.scale_least,
            "it must be 0 to 16",
        ));
    }
    if train.decay == TrainDecay::Staged && train.stages.is_empty() {
        let expected =
            "decay `staged` needs stages, e.g. [{ share = 1, encoder = 1, decoder = 1 }]";
        return Err(invalid("train.stages", "[]", expected));
    }
    for (at, stage) in train.stages.iter().enumerate() {
        let numbers = [
            ("share", stage.share, f64::MIN_POSITIVE),
            ("encoder", stage.encoder, 0.0),
            ("decoder", stage.decoder, 0.0),
        ];
        for (key, value, least) in numbers {
            if !(value >= least && value.is_finite()) {
                let expected = if least > 0.0 {
                    "it must be above 0"
                } else {
                    "it must be 0 or more"
                };
                return Err(invalid(
                    &format!("train.stages[{at}].{key}"),
                    value,
                    expected,
                ));
            }
        }
    }
    at_least_one("train.validate_every", train.validate_every)
}

/// Maximum number of samples in a pass, and of passes.
const MOST_SAMPLES: usize = 10_000_000;

/// Maximum number of workers; no machine has this many cores.
pub(crate) const MOST_WORKERS: u64 = 256;

/// Maximum side length, batch and width; a larger value is a typo that no machine has memory for.
const MOST: usize = 4096;

fn in_range(key: &str, value: usize) -> Result<()> {
    match value {
        1..=MOST => Ok(()),
        _ => Err(invalid(key, value, &format!("it must be 1 to {MOST}"))),
    }
}

fn at_least_one(key: &str, value: usize) -> Result<()> {
    match value {
        0 => Err(invalid(key, value, "it must be at least 1")),
        _ => Ok(()),
    }
}

fn invalid(key: &str, value: impl ToString, expected: &str) -> crate::Error {
    Invalid::invalid(key, value, expected).into()
}
