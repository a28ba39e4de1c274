//! Gradients of the maps between operations, kept outside dfdx's.
//!
//! dfdx zeroes a gradient on one thread before the first operation adds to it. Here the first
//! operation writes to uninitialised memory, or hands over its buffer, which saves a quarter of a
//! training step's memory traffic. Gradients of leaves (parameters, and maps not made by our
//! operations) stay in dfdx's [`Gradients`], where callers look for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dfdx::optim::UnusedTensors;
use dfdx::prelude::{Cpu, Gradients};
use dfdx::tensor::{CpuError, UniqueId};
use nasfw_kernels as k;

use super::{Map, elements};

/// A gradient per map made by a recorded operation; empty until something has been added.
#[derive(Clone, Debug, Default)]
pub(super) struct MapGradients(Arc<Mutex<HashMap<UniqueId, Vec<f32>>>>);

/// The gradient of an operation's result, for the one backward operation that reads it. Dropping it
/// discards the gradient.
pub(super) struct ResultGradient {
    registered: Registered,
    /// Fetches what dfdx's operations have added when none of ours has. A closure, because the type
    /// it holds has no public name.
    from_dfdx: FromDfdx,
}

type FromDfdx = Box<dyn FnOnce(&mut Gradients<f32, Cpu>) -> Result<Vec<f32>, CpuError>>;

/// The gradient of an operation's argument, to be added to.
pub(super) enum ArgumentGradient {
    Made {
        id: UniqueId,
        len: usize,
        table: MapGradients,
    },
    Leaf(Map<Cpu>),
}

impl MapGradients {
    /// Creates the handle for the backward pass of the operation that made `map`.
    pub(super) fn result(&self, map: &Map<Cpu>) -> ResultGradient {
        let id = id(map);
        self.lock().insert(id, Vec::new());
        let ghost = map.ghost();
        let table = self.clone();
        ResultGradient {
            registered: Registered { id, table },
            from_dfdx: Box::new(move |gradients| {
                Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(&ghost)?))
            }),
        }
    }

    /// Creates the handle for the backward pass of an operation that reads `map`.
    pub(super) fn argument(&self, map: &Map<Cpu>) -> ArgumentGradient {
        let id = id(map);
        if !self.lock().contains_key(&id) {
            return ArgumentGradient::Leaf(map.clone());
        }
        let len = elements(map).len();
        let table = self.clone();
        ArgumentGradient::Made { id, len, table }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UniqueId, Vec<f32>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResultGradient {
    /// The gradient: the sum from our operations, or else dfdx's.
    pub(super) fn take(self, gradients: &mut Gradients<f32, Cpu>) -> Result<Vec<f32>, CpuError> {
        match self.registered.take() {
            Some(gradient) if !gradient.is_empty() => Ok(gradient),
            _ => (self.from_dfdx)(gradients),
        }
    }
}

/// An entry of the table, removed on drop.
struct Registered {
    id: UniqueId,
    table: MapGradients,
}

impl Registered {
    fn take(&self) -> Option<Vec<f32>> {
        self.table.lock().remove(&self.id)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.take();
    }
}

impl ArgumentGradient {
    /// Lets `write` add to the gradient.
    pub(super) fn add(
        &self,
        gradients: &mut Gradients<f32, Cpu>,
        write: impl FnOnce(k::Output<'_>),
    ) -> Result<(), CpuError> {
        match self {
            Self::Leaf(map) => write((&mut **gradients.get_or_alloc_mut(map)?).into()),
            Self::Made { id, len, table } => {
                let Some(mut gradient) = table.lock().get_mut(id).map(std::mem::take) else {
                    return Ok(());
                };
                if gradient.is_empty() {
                    let mut fresh = k::UninitBuf::new(*len);
                    write((&mut fresh).into());
                    gradient = fresh.into_vec();
                } else {
                    write((&mut gradient).into());
                }
                table.lock().insert(*id, gradient);
            }
        }
        Ok(())
    }

    /// Adds `gradient`.
    pub(super) fn give(
        &self,
        gradients: &mut Gradients<f32, Cpu>,
        gradient: Vec<f32>,
    ) -> Result<(), CpuError> {
        if let Self::Made { id, table, .. } = self
            && let Some(empty) = table.lock().get_mut(id).filter(|g| g.is_empty())
        {
            *empty = gradient;
            return Ok(());
        }
        self.add(gradients, |to| k::accumulate(to, &gradient))
    }
}

/// The id by which dfdx distinguishes tensors; it is exposed only to optimisers.
fn id(map: &Map<Cpu>) -> UniqueId {
    let mut shown = UnusedTensors::default();
    shown.add(map);
    shown.ids[0]
}
