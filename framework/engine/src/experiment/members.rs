//! The members of an experiment: its search space, task, schedule and controller.

use std::fmt;
use std::sync::Arc;

use nasfw_sdk::registry::SpaceEntry;
use nasfw_sdk::{Choices, Controller, RewardSchedule, Rng, Schema, SearchSpace, Task};

use crate::config::{Config, Layers, value_name, value_type};
use crate::error::{Error, Result};

/// Makes a schedule.
type MakeSchedule = dyn Fn() -> Result<Box<dyn RewardSchedule>> + Send + Sync;
/// Makes a controller for a schema.
type MakeController = dyn Fn(&Schema, &mut Rng) -> Result<Box<dyn Controller>> + Send + Sync;

/// A search space, a task, and how schedules and controllers are made.
///
/// They are found by name in the registry ([`of`](Self::of)), or are [given](GivenMembers) as values of the caller's own types.
/// A search makes several schedules: one that remembers, and copies of it that decide about the trials
/// of a round.
#[derive(Clone)]
pub struct Members {
    pub(crate) space: Arc<dyn SearchSpace>,
    /// True for a space of a library, which may end the process that asks it for a network: only
    /// those that evaluate do.
    is_library_space: bool,
    pub(crate) task: Arc<dyn Task>,
    schedule: Arc<MakeSchedule>,
    controller: Arc<MakeController>,
}

/// Members that are values of the caller's own types; a configuration names the others.
#[derive(Clone, Default)]
pub struct GivenMembers {
    space: Option<Given<Arc<dyn SearchSpace>>>,
    task: Option<Given<Arc<dyn Task>>>,
    schedule: Option<Given<Arc<MakeSchedule>>>,
    controller: Option<Given<Arc<MakeController>>>,
}

/// A member, and the name under which a configuration records it.
#[derive(Clone)]
struct Given<T> {
    name: String,
    member: T,
}

impl<T: Clone> Given<T> {
    /// The member that `given` holds, or the one that the configuration names `recorded`.
    fn or_named(
        given: Option<&Self>,
        (key, recorded): (&str, &str),
        named: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let Some(given) = given else { return named() };
        if given.name == recorded {
            return Ok(given.member.clone());
        }
        Err(Error::Config {
            file: None,
            message: format!(
                "{key} is `{}`, but `{}` was given; give the same one, or leave it out where it has a name",
                value_type(recorded),
                value_type(&given.name)
            ),
        })
    }
}

impl GivenMembers {
    /// Searches `space`.
    pub fn space<S: SearchSpace + 'static>(&mut self, space: S) {
        let (name, member) = (value_name::<S>(), Arc::new(space));
        self.space = Some(Given { name, member });
    }

    /// Searches for networks of `task`.
    pub fn task<T: Task + 'static>(&mut self, task: T) {
        let (name, member) = (value_name::<T>(), Arc::new(task));
        self.task = Some(Given { name, member });
    }

    /// Evaluates with copies of `schedule`, which has seen nothing.
    pub fn schedule<S>(&mut self, schedule: S)
    where
        S: RewardSchedule + Clone + Send + Sync + 'static,
    {
        let name = value_name::<S>();
        let member: Arc<MakeSchedule> =
            Arc::new(move || Ok(Box::new(schedule.clone()) as Box<dyn RewardSchedule>));
        self.schedule = Some(Given { name, member });
    }

    /// Proposes with what `make` makes for the schema of the search space; initial weights, if
    /// any, are drawn from the generator.
    pub fn controller<C, F>(&mut self, make: F)
    where
        C: Controller + 'static,
        F: Fn(&Schema, &mut Rng) -> nasfw_sdk::Result<C> + Send + Sync + 'static,
    {
        let name = value_name::<C>();
        let member: Arc<MakeController> = Arc::new(move |schema, rng| {
            let controller: Box<dyn Controller> = Box::new(make(schema, rng)?);
            Ok(controller)
        });
        self.controller = Some(Given { name, member });
    }

    /// The given members, but for a controller.
    #[must_use]
    pub fn without_controller(&self) -> Self {
        Self {
            controller: None,
            ..self.clone()
        }
    }

    /// Records the names of the given members in `layers`.
    pub fn named_in(&self, mut layers: Layers) -> Layers {
        let names = [
            ("space.plugin", self.space.as_ref().map(|m| &m.name)),
            ("task.name", self.task.as_ref().map(|m| &m.name)),
            ("schedule.name", self.schedule.as_ref().map(|m| &m.name)),
            ("controller.name", self.controller.as_ref().map(|m| &m.name)),
        ];
        for (key, name) in names {
            if let Some(name) = name {
                layers = layers.flag("a given member", key, name.as_str());
            }
        }
        layers
    }

    /// Completes the given members with those that `config` names.
    ///
    /// # Errors
    /// When a name is unknown, a setting is out of range, or `config` was recorded with another
    /// member than the one given.
    pub fn complete(&self, config: &Config) -> Result<Members> {
        let (of_schedule, of_controller) = (config.clone(), config.clone());
        let space = ("space.plugin", config.space.plugin.as_str());
        let task = ("task.name", config.task.name.as_str());
        let schedule = ("schedule.name", config.schedule.name.as_str());
        let controller = ("controller.name", config.controller.name.as_str());
        let is_library_space = self.space.is_none()
            && SpaceEntry::of_plugin(space.1).is_ok_and(|entry| entry.about.library.is_some());
        Ok(Members {
            is_library_space,
            space: Given::or_named(self.space.as_ref(), space, || {
                Ok(config.make_space()?.into())
            })?,
            task: Given::or_named(self.task.as_ref(), task, || Ok(config.make_task()?.into()))?,
            schedule: Given::or_named(self.schedule.as_ref(), schedule, || {
                Ok(Arc::new(move || of_schedule.make_schedule()))
            })?,
            controller: Given::or_named(self.controller.as_ref(), controller, || {
                Ok(Arc::new(move |schema: &Schema, rng: &mut Rng| {
                    of_controller.make_controller(schema, rng)
                }))
            })?,
        })
    }

    /// The type of a given member, if any was given: worker processes could not make it.
    pub fn first(&self) -> Option<&str> {
        let names = [
            self.space.as_ref().map(|m| &m.name),
            self.task.as_ref().map(|m| &m.name),
            self.schedule.as_ref().map(|m| &m.name),
            self.controller.as_ref().map(|m| &m.name),
        ];
        names
            .into_iter()
            .flatten()
            .next()
            .map(|name| value_type(name))
    }
}

impl fmt::Debug for GivenMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenMembers")
            .field("first", &self.first())
            .finish_non_exhaustive()
    }
}

impl Members {
    /// The members that `config` names, made from their settings.
    ///
    /// # Errors
    /// When a name is unknown, or a setting is out of range.
    pub fn of(config: &Config) -> Result<Self> {
        GivenMembers::default().complete(config)
    }

    /// The search space.
    pub fn space(&self) -> &dyn SearchSpace {
        &*self.space
    }

    /// The search space, if whatever it is asked happens in this program's own code.
    pub(crate) fn space_in_program(&self) -> Option<&Arc<dyn SearchSpace>> {
        Some(&self.space).filter(|_| !self.is_library_space)
    }

    /// The choices that stand for the network of `choices`: these are evaluated. The choices
    /// themselves for a space of a library, and for one that fails to give them.
    pub(crate) fn canonical(&self, choices: &Choices) -> Choices {
        let canonical = self
            .space_in_program()
            .map(|space| space.canonical(choices));
        canonical
            .and_then(Result::ok)
            .unwrap_or_else(|| choices.clone())
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
