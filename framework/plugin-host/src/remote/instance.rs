//! One instance of a library's item.

use std::sync::atomic::{AtomicBool, Ordering};

use nasfw_abi::message::{Kind, Op};
use nasfw_sdk::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::MAX_REPLY;
use crate::library::{Answer, Lent, Library};

/// An instance, dropped in the library when this value is dropped.
pub(super) struct Instance {
    library: &'static Library,
    handle: u64,
    is_dead: AtomicBool,
}

impl Instance {
    /// Makes an instance and returns its description.
    ///
    /// # Errors
    /// The library's reason, or the problem with its reply.
    pub(super) fn make<R: DeserializeOwned>(
        library: &'static Library,
        kind: Kind,
        name: &str,
        config: &impl Serialize,
    ) -> Result<(Self, R)> {
        let config = to_json(config)?;
        let (handle, answer) = library.create(kind, name, &config, MAX_REPLY);
        let bytes = match answer {
            Answer::Done(bytes) => bytes,
            Answer::Failed(e) | Answer::Panicked(e) => return Err(e),
        };
        let instance = Self::with(library, handle);
        let reply = instance.read("create", &bytes)?;
        Ok((instance, reply))
    }

    /// The instance behind a handle that a call returned.
    pub(super) fn with(library: &'static Library, handle: u64) -> Self {
        Self {
            library,
            handle,
            is_dead: AtomicBool::new(false),
        }
    }

    /// True after a panic, which rules out further calls.
    pub(super) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Acquire)
    }

    /// Makes a call whose reply is JSON.
    ///
    /// # Errors
    /// The library's reason, or the problem with its reply.
    pub(super) fn call<R: DeserializeOwned>(
        &self,
        op: Op,
        request: &impl Serialize,
        lent: &mut [Lent<'_>],
    ) -> Result<R> {
        let bytes = self.call_for_bytes(op, request, lent, MAX_REPLY)?;
        self.read(op.name(), &bytes)
    }

    /// Makes a call whose reply is at most `most` bytes.
    ///
    /// # Errors
    /// The library's reason, or a reply that is too long.
    pub(super) fn call_for_bytes(
        &self,
        op: Op,
        request: &impl Serialize,
        lent: &mut [Lent<'_>],
        most: usize,
    ) -> Result<Vec<u8>> {
        if self.is_dead() {
            let message = "skipped because an earlier call panicked".to_owned();
            return Err(self.error(op, message));
        }
        let request = to_json(request)?;
        match self.library.call(self.handle, op, &request, lent, most) {
            Answer::Done(bytes) => Ok(bytes),
            Answer::Failed(e) => Err(e),
            Answer::Panicked(e) => {
                self.is_dead.store(true, Ordering::Release);
                Err(e)
            }
        }
    }

    /// An error about a reply of this instance.
    pub(super) fn error(&self, op: Op, message: impl ToString) -> Error {
        self.library.error(op.name(), message.to_string())
    }

    /// Reads a reply.
    pub(super) fn read<R: DeserializeOwned>(&self, operation: &str, bytes: &[u8]) -> Result<R> {
        serde_json::from_slice(bytes).map_err(|e| {
            let message = format!("its reply is invalid: {e}");
            self.library.error(operation, message)
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.library.destroy(self.handle);
    }
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::Config {
        item: "request".into(),
        message: e.to_string(),
    })
}
