//! Catching panics, with the place they came from.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// True while this thread is in a call of the program.
    static IN_CALL: Cell<bool> = const { Cell::new(false) };
    /// Place of this thread's last panic.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Sets a hook that remembers the place of a panic in a call, and prints it only if backtraces are
/// asked for: the program shows the message itself. Panics of the plugin's own threads are printed.
pub(super) fn keep_places() {
    let print = std::panic::take_hook();
    let is_wordy = std::env::var_os("RUST_BACKTRACE").is_some_and(|v| v != "0");
    std::panic::set_hook(Box::new(move |info| {
        if is_wordy || !IN_CALL.try_with(Cell::get).unwrap_or(false) {
            print(info);
        }
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
    let was_in_call = IN_CALL.replace(true);
    // An instance whose call panicked is not called again, so no broken state is seen.
    let caught = catch_unwind(AssertUnwindSafe(work));
    IN_CALL.set(was_in_call);
    caught.map_err(|payload| {
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
