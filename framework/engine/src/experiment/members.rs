//! The members of an experiment: its search space, task, schedule and controller.

use std::fmt;
use std::sync::Arc;

use nasfw_sdk::{Controller, RewardSchedule, Rng, Schema, SearchSpace, Task};

use crate::config::Config;
use crate::error::Result;

/// Makes a schedule.
pub type MakeSchedule = dyn Fn() -> Result<Box<dyn RewardSchedule>> + Send + Sync;
/// Makes a controller for a schema.
pub type MakeController = dyn Fn(&Schema, &mut Rng) -> Result<Box<dyn Controller>> + Send + Sync;

/// A search space, a task, and how schedules and controllers are made.
///
/// They are found by name in the registry ([`of`](Self::of)), or are [`Values`] of the caller's own
/// types. A search makes several schedules: one that remembers, and copies of it that decide about
/// the trials of a round.
#[derive(Clone)]
pub struct Members {
    pub(crate) space: Arc<dyn SearchSpace>,
    pub(crate) task: Arc<dyn Task>,
    schedule: Arc<MakeSchedule>,
    controller: Arc<MakeController>,
}

/// Members that are values; the others are those that a configuration names.
#[derive(Clone, Default)]
pub struct Values {
    /// The search space.
    pub space: Option<Arc<dyn SearchSpace>>,
    /// The task.
    pub task: Option<Arc<dyn Task>>,
    /// Makes a schedule that has seen nothing.
    pub schedule: Option<Arc<MakeSchedule>>,
    /// Makes a controller that has seen nothing for a schema, its initial weights drawn from the
    /// generator.
    pub controller: Option<Arc<MakeController>>,
}

impl Values {
    /// These, and what `config` names for the rest.
    ///
    /// # Errors
    /// When a name is unknown, or a setting is out of range.
    pub fn over(&self, config: &Config) -> Result<Members> {
        let (of_schedule, of_controller) = (config.clone(), config.clone());
        Ok(Members {
            space: match &self.space {
                Some(space) => space.clone(),
                None => config.make_space()?.into(),
            },
            task: match &self.task {
                Some(task) => task.clone(),
                None => config.make_task()?.into(),
            },
            schedule: match &self.schedule {
                Some(make) => make.clone(),
                None => Arc::new(move || of_schedule.make_schedule()),
            },
            controller: match &self.controller {
                Some(make) => make.clone(),
                None => Arc::new(move |schema, rng| of_controller.make_controller(schema, rng)),
            },
        })
    }
}

impl Members {
    /// The members that `config` names, made from their settings.
    ///
    /// # Errors
    /// When a name is unknown, or a setting is out of range.
    pub fn of(config: &Config) -> Result<Self> {
        Values::default().over(config)
    }

    /// The search space.
    pub fn space(&self) -> &dyn SearchSpace {
        &*self.space
    }

    /// The task.
    pub fn task(&self) -> &dyn Task {
        &*self.task
    }

    /// A schedule that has seen nothing.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn schedule(&self) -> Result<Box<dyn RewardSchedule>> {
        (self.schedule)()
    }

    /// A controller that has seen nothing, its initial weights drawn from `rng`.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn controller(&self, rng: &mut Rng) -> Result<Box<dyn Controller>> {
        (self.controller)(self.space.schema(), rng)
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members").finish_non_exhaustive()
    }
}
