//! Instances behind handles.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::slice::Slice;
use super::{controller, read, schedule, space, task, write};
use crate::message::{self, Kind, Op};
use nasfw_sdk::controller::Controller;
use nasfw_sdk::error::{Error, Result};
use nasfw_sdk::registry::{ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use nasfw_sdk::schedule::RewardSchedule;
use nasfw_sdk::space::SearchSpace;
use nasfw_sdk::task::{Scorer, Task};

/// One made item, and whether a call of it panicked.
pub(super) struct Instance {
    of: Of,
    is_dead: AtomicBool,
}

/// Items that change are locked: the program calls them from one thread at a time, and if it ever
/// does not, the second caller waits.
enum Of {
    Space(Box<dyn SearchSpace>),
    Controller(Mutex<Box<dyn Controller>>),
    Schedule(Mutex<Box<dyn RewardSchedule>>),
    Task(Box<dyn Task>),
    Scorer(Mutex<Box<dyn Scorer>>),
}

impl Instance {
    /// Makes the item `name` and says what it is.
    pub(super) fn make(kind: Kind, name: &str, config: &[u8]) -> Result<(Self, Vec<u8>)> {
        let (of, reply) = match kind {
            Kind::Space => {
                let make: message::space::Make = read(config)?;
                let made = (SpaceEntry::find(name)?.build)(&make.settings)?;
                let reply = write(&message::space::Made {
                    schema: made.schema().clone(),
                    // The identity, if the space has nothing else, costs a call and no more.
                    canonical: true,
                })?;
                (Of::Space(made), reply)
            }
            Kind::Controller => {
                let make: message::controller::Make = read(config)?;
                let mut rng = make.rng.rng()?;
                let entry = ControllerEntry::find(name)?;
                let made = (entry.build)(&make.settings, &make.schema, &mut rng)?;
                let reply = write(&message::controller::Made {
                    policy: made.policy().is_some(),
                    drawn: controller::drawn(&rng),
                })?;
                (Of::Controller(Mutex::new(made)), reply)
            }
            Kind::Schedule => {
                let make: message::schedule::Make = read(config)?;
                let made = (ScheduleEntry::find(name)?.build)(&make.settings)?;
                let stages = made.stages().to_vec();
                let reply = write(&message::schedule::Made { stages })?;
                (Of::Schedule(Mutex::new(made)), reply)
            }
            Kind::Task => {
                let make: message::task::Make = read(config)?;
                let made = (TaskEntry::find(name)?.build)(&make.settings)?;
                let reply = write(&task::made(&*made))?;
                (Of::Task(made), reply)
            }
        };
        Ok((Self::new(of), reply))
    }

    fn new(of: Of) -> Self {
        Self {
            of,
            is_dead: AtomicBool::new(false),
        }
    }

    /// Calls the item.
    pub(super) fn call(&self, op: Op, request: &[u8], slices: &mut [Slice<'_>]) -> Result<Vec<u8>> {
        if self.is_dead.load(Ordering::Acquire) {
            return Err(Error::Library {
                library: op.name().into(),
                message: "an earlier call of this instance panicked".into(),
            });
        }
        match &self.of {
            Of::Space(space) => space::call(&**space, op, request),
            Of::Controller(it) => controller::call(&mut **lock(it), op, request, slices),
            Of::Schedule(it) => schedule::call(&mut **lock(it), op, request, slices),
            Of::Task(task) if op == Op::Scorer => {
                let of: message::task::OfData = read(request)?;
                let scorer = Self::new(Of::Scorer(Mutex::new(task.scorer(&of.info)?)));
                let handle = scorer.into_handle();
                write(&message::task::Handle { handle })
            }
            Of::Task(task) => task::call(&**task, op, request, slices),
            Of::Scorer(it) => task::call_scorer(&mut **lock(it), op, request, slices),
        }
    }

    /// No call after this one.
    pub(super) fn kill(&self) {
        self.is_dead.store(true, Ordering::Release);
    }

    /// Hands the instance over to the program.
    pub(super) fn into_handle(self) -> u64 {
        Box::into_raw(Box::new(self)).expose_provenance() as u64
    }

    /// The instance behind a handle; `None` for 0.
    ///
    /// # Safety
    /// The handle is 0, or came from [`into_handle`](Self::into_handle) and was not ended.
    pub(super) unsafe fn of_handle<'a>(handle: u64) -> Option<&'a Self> {
        let instance: *const Self = std::ptr::with_exposed_provenance(handle as usize);
        // SAFETY: as promised.
        unsafe { instance.as_ref() }
    }

    /// Ends the instance behind a handle. One that panicked is left as it is: its `Drop` would run
    /// on state that nobody vouches for.
    ///
    /// # Safety
    /// As [`of_handle`](Self::of_handle), and nothing calls it any more.
    pub(super) unsafe fn end(handle: u64) {
        // SAFETY: as promised.
        let is_live = unsafe { Self::of_handle(handle) }
            .is_some_and(|instance| !instance.is_dead.load(Ordering::Acquire));
        if is_live {
            let instance: *mut Self = std::ptr::with_exposed_provenance_mut(handle as usize);
            // SAFETY: as promised.
            drop(unsafe { Box::from_raw(instance) });
        }
    }
}

/// A lock whose holder panicked belongs to an instance that is dead.
fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}
