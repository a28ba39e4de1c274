//! The members of an experiment: its search space, task, schedule and controller.

use std::fmt;
use std::sync::Arc;

use nasfw_sdk::{Controller, RewardSchedule, Rng, Schema, SearchSpace, Task};

use crate::config::Config;
use crate::error::Result;

type MakeSchedule = dyn Fn() -> Result<Box<dyn RewardSchedule>> + Send + Sync;
type MakeController = dyn Fn(&Schema, &mut Rng) -> Result<Box<dyn Controller>> + Send + Sync;

/// A search space, a task, and how schedules and controllers are made.
///
/// They are found by name in the registry ([`of`](Self::of)), or are values of the caller's own types
/// (the `with_…` methods). A search makes several schedules: one that remembers, and copies of it that
/// decide about the trials of a round.
#[derive(Clone)]
pub struct Members {
    pub(crate) space: Arc<dyn SearchSpace>,
    pub(crate) task: Arc<dyn Task>,
    schedule: Arc<MakeSchedule>,
    controller: Arc<MakeController>,
}

impl Members {
    /// The members that `config` names, made from their settings.
    ///
    /// # Errors
    /// When a name is unknown, or a setting is out of range.
    pub fn of(config: &Config) -> Result<Self> {
        let (of_schedule, of_controller) = (config.clone(), config.clone());
        Ok(Self {
            space: config.make_space()?.into(),
            task: config.make_task()?.into(),
            schedule: Arc::new(move || of_schedule.make_schedule()),
            controller: Arc::new(move |schema, rng| of_controller.make_controller(schema, rng)),
        })
    }

    /// The same with another search space.
    pub fn with_space(self, space: Arc<dyn SearchSpace>) -> Self {
        Self { space, ..self }
    }

    /// The same with another task.
    pub fn with_task(self, task: Arc<dyn Task>) -> Self {
        Self { task, ..self }
    }

    /// The same with another schedule, made whenever one is needed.
    pub fn with_schedule(
        self,
        make: impl Fn() -> nasfw_sdk::Result<Box<dyn RewardSchedule>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            schedule: Arc::new(move || Ok(make()?)),
            ..self
        }
    }

    /// The same with another controller, made for the space's schema; its initial weights are drawn from
    /// the generator.
    pub fn with_controller(
        self,
        make: impl Fn(&Schema, &mut Rng) -> nasfw_sdk::Result<Box<dyn Controller>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            controller: Arc::new(move |schema, rng| Ok(make(schema, rng)?)),
            ..self
        }
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
