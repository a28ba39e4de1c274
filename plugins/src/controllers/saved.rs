//! The bytes of a saved controller: a line of JSON, then raw weights.
//!
//! Weights are many (the LSTM's, with Adam's moments, are half a million) and a search saves after
//! every trial, so they are written as little-endian bytes, which is also exact by construction.

use nasfw_sdk::controller::State;
use nasfw_sdk::{Error, Result, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<N, S, T> {
    controller: N,
    schema: S,
    weights: usize,
    rest: T,
}

/// The saved state of the controller called `name`: what `rest` holds, and weights.
pub(super) fn write(name: &str, schema: &Schema, rest: &impl Serialize, weights: &[f32]) -> State {
    let header = Header {
        controller: name,
        schema,
        weights: weights.len(),
        rest,
    };
    // Only a map with odd keys cannot be written, and no state has one.
    let mut bytes = serde_json::to_vec(&header).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend(weights.iter().flat_map(|w| w.to_le_bytes()));
    State(bytes)
}

/// Reads what [`write()`] wrote; every weight is a finite number.
///
/// # Errors
/// When the bytes are damaged or are those of another controller or schema.
pub(super) fn read<T: DeserializeOwned>(
    name: &str,
    schema: &Schema,
    state: &State,
) -> Result<(T, Vec<f32>)> {
    let fail = |message: &str| damaged(name, message);
    // JSON as written here has no line break: within strings they are escaped.
    let end = state
        .0
        .iter()
        .position(|&b| b == b'\n')
        .ok_or_else(|| fail("has no header"))?;
    let (line, raw) = (&state.0[..end], &state.0[end + 1..]);
    let header: Header<String, Schema, T> =
        serde_json::from_slice(line).map_err(|e| fail(&e.to_string()))?;
    if header.controller != name {
        return Err(fail(&format!("was saved by {}", header.controller)));
    }
    if header.schema != *schema {
        return Err(fail("was saved for another search space"));
    }
    let (words, crumbs) = raw.as_chunks::<4>();
    if words.len() != header.weights || !crumbs.is_empty() {
        return Err(fail("has lost weights"));
    }
    let weights: Vec<f32> = words.iter().map(|w| f32::from_le_bytes(*w)).collect();
    if !weights.iter().all(|w| w.is_finite()) {
        return Err(fail("has weights that are no numbers"));
    }
    Ok((header.rest, weights))
}

/// The error for a state of the controller called `name` that cannot be used.
pub(super) fn damaged(name: &str, message: &str) -> Error {
    Error::State {
        item: format!("controller {name}"),
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::Decision;

    #[test]
    fn reads_back_exactly_and_refuses_every_cut() -> Result<()> {
        let schema = Schema::new(vec![Decision::new("a\nb", "", ["x", "y"])])?;
        let weights = [0.1, -0.0, f32::MIN_POSITIVE, 1.0 / 3.0];
        let state = write("it", &schema, &(1.0 / 3.0), &weights);
        let (rest, back): (f64, _) = read("it", &schema, &state)?;
        assert_eq!(rest.to_bits(), (1.0f64 / 3.0).to_bits());
        assert_eq!(back.map_bits(), weights.map_bits());
        for length in 0..state.0.len() {
            assert!(read::<f64>("it", &schema, &State(state.0[..length].to_vec())).is_err());
        }
        assert!(read::<f64>("other", &schema, &state).is_err());
        let other = Schema::new(vec![Decision::new("a", "", ["x", "y"])])?;
        assert!(read::<f64>("it", &other, &state).is_err());
        Ok(())
    }

    trait MapBits {
        fn map_bits(&self) -> Vec<u32>;
    }

    impl<T: AsRef<[f32]>> MapBits for T {
        fn map_bits(&self) -> Vec<u32> {
            self.as_ref().iter().map(|w| w.to_bits()).collect()
        }
    }
}
