//! `Config` → space, task, schedule, controller.

use nasfw_sdk::registry::{ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use nasfw_sdk::{Controller, RewardSchedule, Rng, Schema, SearchSpace, Seed, Task};

use super::{Config, Layers, Preset};
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
pub(crate) fn is_value(name: &str) -> bool {
    name.starts_with(VALUE)
}

/// Refuses a member that only the program that ran the search can give.
fn check_made_by_name(table: &str, name: &str) -> Result<()> {
    if !is_value(name) {
        return Ok(());
    }
    let message = format!(
        "{table}: {} is a value of the Rust program that made the run. From Rust, give it again, e.g. with \
         `.space(…)` or `.task(…)`; this program cannot make it",
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
}
