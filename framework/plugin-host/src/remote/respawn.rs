//! Respawning instances, for items that keep no state between calls: spaces and tasks.
//!
//! After a panic the next call gets a fresh instance, so that one bad architecture costs one trial.

use std::sync::{Arc, PoisonError, RwLock};

use nasfw_abi::message::Kind;
use nasfw_sdk::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::instance::Instance;
use crate::library::Library;

/// An item by name and settings, with its current instance.
pub(super) struct RespawningInstance {
    pub(super) library: &'static Library,
    kind: Kind,
    name: &'static str,
    config: Value,
    present: RwLock<Arc<Instance>>,
}

impl RespawningInstance {
    /// Makes the first instance and returns its description.
    ///
    /// # Errors
    /// As [`Instance::make`].
    pub(super) fn make<R: DeserializeOwned + Serialize>(
        library: &'static Library,
        kind: Kind,
        name: &'static str,
        settings: &Value,
    ) -> Result<(Self, R)> {
        let config = json!({ "settings": settings });
        let (instance, reply) = Instance::make(library, kind, name, &config)?;
        let fresh = Self {
            library,
            kind,
            name,
            config,
            present: RwLock::new(Arc::new(instance)),
        };
        Ok((fresh, reply))
    }

    /// Returns an instance that has not panicked.
    ///
    /// # Errors
    /// As [`Instance::make`].
    pub(super) fn instance(&self) -> Result<Arc<Instance>> {
        let present = self
            .present
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if !present.is_dead() {
            return Ok(present);
        }
        let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
        if present.is_dead() {
            let made: (Instance, Value) =
                Instance::make(self.library, self.kind, self.name, &self.config)?;
            *present = Arc::new(made.0);
        }
        Ok(present.clone())
    }
}
