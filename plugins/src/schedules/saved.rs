//! The bytes of a saved schedule: JSON with the name of what wrote it.

use nasfw_sdk::controller::State;
use nasfw_sdk::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved<N, T> {
    schedule: N,
    state: T,
}

/// The saved state of the schedule called `name`.
pub(super) fn write(name: &str, state: &impl Serialize) -> State {
    // Only a map with odd keys cannot be written, and no state has one.
    State(
        serde_json::to_vec(&Saved {
            schedule: name,
            state,
        })
        .unwrap_or_default(),
    )
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// When the bytes are damaged or are those of another schedule.
pub(super) fn read<T: DeserializeOwned>(name: &str, state: &State) -> Result<T> {
    let fail = |message: String| Error::State {
        item: format!("schedule {name}"),
        message,
    };
    let saved: Saved<String, T> =
        serde_json::from_slice(&state.0).map_err(|e| fail(e.to_string()))?;
    if saved.schedule != name {
        return Err(fail(format!("was saved by {}", saved.schedule)));
    }
    Ok(saved.state)
}
