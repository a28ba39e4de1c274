//! What a controller or a schedule saves between trials.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::choices::Schema;
use crate::error::{Error, Result};

/// A saved controller or schedule: opaque bytes with the name of what wrote them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State(pub Vec<u8>);

/// What [`State::write`] writes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved<O, T> {
    owner: O,
    state: T,
}

impl State {
    /// A state as JSON, for whoever has no large arrays to save; `owner` is what saves it, e.g.
    /// `schedule progressive`.
    ///
    /// # Panics
    /// When `state` cannot be JSON: it has a map whose keys are no text.
    pub fn write(owner: &str, state: &impl Serialize) -> Self {
        match serde_json::to_vec(&Saved { owner, state }) {
            Ok(bytes) => Self(bytes),
            Err(e) => panic!("{owner} cannot be saved: {e}"),
        }
    }

    /// Reads what [`write`](Self::write) wrote, to the last bit of every finite number.
    ///
    /// # Errors
    /// When the bytes are damaged or of another owner.
    pub fn read<T: DeserializeOwned>(&self, owner: &str) -> Result<T> {
        let fail = |message: String| Error::State {
            item: owner.into(),
            message,
        };
        let saved: Saved<String, T> =
            serde_json::from_slice(&self.0).map_err(|e| fail(e.to_string()))?;
        match saved.owner == owner {
            true => Ok(saved.state),
            false => Err(fail(format!("was saved by {}", saved.owner))),
        }
    }

    /// The same for a controller, whose state is of use for its own schema only.
    ///
    /// # Panics
    /// As [`write`](Self::write).
    pub fn write_for(owner: &str, schema: &Schema, state: &impl Serialize) -> Self {
        Self::write(owner, &(schema, state))
    }

    /// Reads what [`write_for`](Self::write_for) wrote.
    ///
    /// # Errors
    /// As [`read`](Self::read), and when it was written for another schema.
    pub fn read_for<T: DeserializeOwned>(&self, owner: &str, schema: &Schema) -> Result<T> {
        let (found, state): (Schema, T) = self.read(owner)?;
        match found == *schema {
            true => Ok(state),
            false => Err(Error::State {
                item: owner.into(),
                message: "was saved for another search space".into(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_exactly_and_refuses_others() -> Result<()> {
        let state = State::write("controller it", &(1.0 / 3.0, vec![7u64]));
        let (third, list): (f64, Vec<u64>) = state.read("controller it")?;
        assert_eq!((third.to_bits(), list), ((1.0f64 / 3.0).to_bits(), vec![7]));
        let said = |r: Result<(f64, Vec<u64>)>| r.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said(state.read("controller other")).contains("was saved by controller it"));
        for length in 0..state.0.len() {
            let cut = State(state.0[..length].to_vec());
            assert!(said(cut.read("controller it")).contains("saved state of controller it"));
        }
        Ok(())
    }
}
