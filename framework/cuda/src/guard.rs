//! Conversion of dfdx panics to errors.
//!
//! dfdx unwraps when it clones a tensor's memory because other handles exist: out of memory is then
//! a panic. A search must continue with the next architecture, and the user must see the cause.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use nasfw_network::kernels::device_result;
use nasfw_network::{Error, Result};

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; a panic in it becomes a device error, and prints nothing to standard error.
pub(super) fn guard<T, E: From<Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                before(info);
            }
        }));
    });
    let was_guarded = IS_GUARDED.replace(true);
    // The values that `work` was changing are not used again: a failed network is dropped.
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was_guarded);
    match done {
        Ok(result) => result,
        Err(panic) => {
            let text = (panic.downcast_ref::<String>().map(String::as_str))
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Ok(device_result(Err(
                text.unwrap_or("the device's library gave up")
            ))?)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use nasfw_network::Error;

    #[test]
    fn panics_become_errors() {
        assert_eq!(guard(|| Ok(3)).unwrap(), 3);
        let error = guard::<u8>(|| panic!("CUDA_ERROR_OUT_OF_MEMORY")).unwrap_err();
        assert!(matches!(&error, Error::Device(_)), "{error}");
        assert!(error.to_string().contains("out of memory"), "{error}");
        assert!(matches!(
            guard(|| Err::<u8, _>(Error::Stopped)),
            Err(Error::Stopped)
        ));
    }
}
