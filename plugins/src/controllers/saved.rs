//! The bytes of a saved controller: a line of JSON, raw weights, a checksum of both.
//!
//! Weights are many (the LSTM's, with Adam's moments, are half a million) and a search saves after
//! every trial, so they are written as little-endian bytes, which is also exact by construction. The
//! checksum is there because a flipped bit among them would otherwise be a policy like any other.

use nasfw_sdk::State;
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

/// Writes the state of the controller called `name`: what `rest` holds, and weights.
///
/// # Errors
/// When `rest` cannot be JSON: it has a map whose keys are not text.
pub(super) fn write(
    name: &str,
    schema: &Schema,
    rest: &impl Serialize,
    weights: &[f32],
) -> Result<State> {
    let header = Header {
        controller: name,
        schema,
        weights: weights.len(),
        rest,
    };
    let mut bytes = serde_json::to_vec(&header)
        .map_err(|e| damaged(name, &format!("cannot be written: {e}")))?;
    bytes.push(b'\n');
    bytes.extend(weights.iter().flat_map(|w| w.to_le_bytes()));
    bytes.extend(checksum(&bytes).to_le_bytes());
    Ok(State(bytes))
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
    let (bytes, sum) = state
        .0
        .split_last_chunk::<8>()
        .ok_or_else(|| fail("is cut off"))?;
    if u64::from_le_bytes(*sum) != checksum(bytes) {
        return Err(fail("is damaged"));
    }
    // JSON as written here has no line break: within strings they are escaped.
    let end = bytes
        .iter()
        .position(|&b| b == b'\n')
        .ok_or_else(|| fail("has no header"))?;
    let (line, raw) = (&bytes[..end], &bytes[end + 1..]);
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

/// FNV-1a, 64 bits (Fowler, Noll & Vo): against accidents, not against intent.
fn checksum(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x100_0000_01b3;
    bytes.iter().fold(OFFSET, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(PRIME)
    })
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
    fn the_checksum_is_fnv_1a() {
        // Test vectors of its authors.
        assert_eq!(checksum(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(checksum(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn reads_back_exactly_and_refuses_every_cut_and_flip() -> Result<()> {
        let schema = Schema::new(vec![Decision::new("a\nb", "", ["x", "y"])])?;
        let weights = [0.1, -0.0, f32::MIN_POSITIVE, 1.0 / 3.0];
        let state = write("it", &schema, &(1.0 / 3.0), &weights)?;
        let (rest, back): (f64, _) = read("it", &schema, &state)?;
        assert_eq!(rest.to_bits(), (1.0f64 / 3.0).to_bits());
        assert_eq!(back.map_bits(), weights.map_bits());
        for length in 0..state.0.len() {
            assert!(read::<f64>("it", &schema, &State(state.0[..length].to_vec())).is_err());
        }
        for at in 0..state.0.len() {
            let mut flipped = state.clone();
            flipped.0[at] ^= 4;
            assert!(read::<f64>("it", &schema, &flipped).is_err());
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
