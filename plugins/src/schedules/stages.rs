//! Stages from settings that change some values of a default.

use nasfw_sdk::Stage;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a stage from the keys that differ from `default`.
///
/// # Errors
/// When a key is unknown or a value has the wrong type.
pub(super) fn read_over<'de, D: Deserializer<'de>>(
    default: &Stage,
    settings: D,
) -> Result<Stage, D::Error> {
    let given = Value::deserialize(settings)?;
    let mut merged = serde_json::to_value(default).map_err(D::Error::custom)?;
    lay_over(&mut merged, given);
    serde_json::from_value(merged).map_err(D::Error::custom)
}

/// Merges `above` into `below` key by key; a table of another `kind` replaces the one below it,
/// because the settings of one optimiser do not apply to another.
fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            let other_kind = above
                .get("kind")
                .is_some_and(|k| Some(k) != below.get("kind"));
            if other_kind {
                below.clear();
            }
            for (key, value) in above {
                lay_over(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

#[cfg(test)]
mod tests {
    use nasfw_sdk::Optimiser;

    use super::*;
    use serde_json::json;

    fn read(given: Value) -> Result<Stage, serde_json::Error> {
        read_over(&Stage::decoder_only(), given)
    }

    #[test]
    fn what_is_not_given_keeps_its_default() -> Result<(), serde_json::Error> {
        assert_eq!(read(json!({}))?, Stage::decoder_only());
        let stage = read(json!({"epochs": 2, "decoder": {"lr": 0.1}}))?;
        let decoder = Optimiser::Adam {
            lr: 0.1,
            weight_decay: 1e-5,
        };
        assert_eq!(
            stage,
            Stage {
                epochs: 2,
                decoder,
                ..Stage::decoder_only()
            }
        );
        Ok(())
    }

    #[test]
    fn another_kind_of_optimiser_brings_all_its_settings() {
        let adam = json!({"kind": "adam", "lr": 0.1, "weight_decay": 0.0});
        assert!(read(json!({"encoder": adam})).is_ok());
        assert!(read(json!({"encoder": {"kind": "adam", "lr": 0.1}})).is_err());
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(read(json!({"epoch": 2})).is_err());
        assert!(read(json!({"decoder": {"momentum": 0.9}})).is_err());
    }
}
