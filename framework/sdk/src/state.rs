//! The saved state of a controller or schedule.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::choices::Schema;
use crate::error::{Error, Result};

/// A saved controller or schedule: opaque bytes with the name of their owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State(pub Vec<u8>);

/// The contents of a [`State`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved<O, T> {
    owner: O,
    state: T,
}

impl State {
    /// Writes a state without large arrays as JSON; `owner` names the item, e.g.
    /// `schedule progressive`.
    ///
    /// # Errors
    /// When `state` cannot be written as JSON, because it has a map whose keys are not text.
    pub fn write(owner: &str, state: &impl Serialize) -> Result<Self> {
        match serde_json::to_vec(&Saved { owner, state }) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(e) => Err(Error::State {
                item: owner.into(),
                message: format!("cannot be written: {e}"),
            }),
        }
    }

    /// Reads a state written by [`write`](Self::write), every finite number bit for bit.
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
        if saved.owner == owner {
            Ok(saved.state)
        } else {
            Err(fail(format!("was saved by {}", saved.owner)))
        }
    }

    /// Writes the state of a controller, which is only valid for its schema.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_for(owner: &str, schema: &Schema, state: &impl Serialize) -> Result<Self> {
        Self::write(owner, &(schema, state))
    }

    /// Reads a state written by [`write_for`](Self::write_for).
    ///
    /// # Errors
    /// As [`read`](Self::read), and when it was written for another schema.
    pub fn read_for<T: DeserializeOwned>(&self, owner: &str, schema: &Schema) -> Result<T> {
        let (found, state): (Schema, T) = self.read(owner)?;
        if found == *schema {
            Ok(state)
        } else {
            Err(Error::State {
                item: owner.into(),
                message: "was saved for another search space".into(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_exactly_and_refuses_others() -> Result<()> {
        let state = State::write("controller it", &(1.0 / 3.0, vec![7u64]))?;
        let (third, list): (f64, Vec<u64>) = state.read("controller it")?;
        assert_eq!((third.to_bits(), list), ((1.0f64 / 3.0).to_bits(), vec![7]));
        let said = |r: Result<(f64, Vec<u64>)>| r.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said(state.read("controller other")).contains("was saved by controller it"));
        for length in 0..state.0.len() {
            let cut = State(state.0[..length].to_vec());
            assert!(said(cut.read("controller it")).contains("saved state of controller it"));
        }
        let odd = std::collections::BTreeMap::from([((1, 2), 3)]);
        let refused = State::write("controller it", &odd);
        assert!(matches!(refused, Err(Error::State { .. })), "{refused:?}");
        Ok(())
    }
}
