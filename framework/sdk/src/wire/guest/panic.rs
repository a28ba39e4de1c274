//! Catching panics, with the place they came from.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the hook that prints panics by one that remembers their place.
pub(super) fn keep_places() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        // A hook runs in any state of the thread, also while it ends.
        let _ = PLACE.try_with(|kept| {
            if let Ok(mut kept) = kept.try_borrow_mut() {
                *kept = place;
            }
        });
    }));
}

/// Runs `work`; a panic becomes its message.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // An instance whose call panicked is not called again, so no broken state is seen.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = message(&*payload);
        // Dropping it could panic again.
        std::mem::forget(payload);
        let place = PLACE.with_borrow_mut(Option::take);
        match place {
            Some(place) => format!("panicked at {place}: {text}"),
            None => format!("panicked: {text}"),
        }
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    match payload.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => "no message".to_owned(),
    }
}
