//! The paper's two stages, and reading modified ones from settings.

use nasfw_sdk::{Error, Optimiser, Result, Source, Stage};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Stage 0 of arXiv 1810.10804.
pub fn decoder_only() -> Stage {
    Stage::decoder_only()
}

/// Stage 1 of arXiv 1810.10804.
pub fn end_to_end() -> Stage {
    Stage::end_to_end()
}

/// Maximum number of samples in a pass, and of passes.
const MOST_SAMPLES: usize = 10_000_000;

/// Maximum batch and side length; a larger value is a typo that no machine has memory for.
const MOST: usize = 4096;

/// Checks that a stage can be run; `name` is its key in the settings.
///
/// # Errors
/// Names the setting that is out of range, and its range.
pub fn check(name: &str, stage: &Stage) -> Result<()> {
    let key = |key: &str| format!("schedule.{name}.{key}");
    if !(1..=MOST_SAMPLES).contains(&stage.epochs) {
        let expected = format!("1 to {MOST_SAMPLES}");
        return Err(Error::invalid(key("epochs"), stage.epochs, expected));
    }
    if stage.samples > MOST_SAMPLES {
        let expected = format!("0 to {MOST_SAMPLES}");
        return Err(Error::invalid(key("samples"), stage.samples, expected));
    }
    if stage.source == Source::Images && stage.distillation > 0.0 {
        let expected = "0: only stages on features have a teacher's outputs";
        return Err(Error::invalid(
            key("distillation"),
            stage.distillation,
            expected,
        ));
    }
    let sizes = [
        ("batch", stage.batch),
        ("shorter_side_px", stage.shorter_side_px),
        ("crop_px", stage.crop_px),
    ];
    if let Some((what, value)) = sizes.into_iter().find(|(_, v)| !(1..=MOST).contains(v)) {
        let expected = format!("1 to {MOST}");
        return Err(Error::invalid(key(what), value, expected));
    }
    let mut amounts = vec![
        (key("clip_norm"), stage.clip_norm),
        (key("distillation"), stage.distillation),
        (key("auxiliary"), stage.auxiliary),
    ];
    let mut decays = vec![(key("polyak"), stage.polyak)];
    for (part, optimiser) in [("decoder", stage.decoder), ("encoder", stage.encoder)] {
        let (lr, weight_decay) = match optimiser {
            Optimiser::Adam { lr, weight_decay } => (lr, weight_decay),
            Optimiser::Sgd {
                lr,
                momentum,
                weight_decay,
            } => {
                decays.push((key(&format!("{part}.momentum")), momentum));
                (lr, weight_decay)
            }
        };
        amounts.push((key(&format!("{part}.lr")), lr));
        amounts.push((key(&format!("{part}.weight_decay")), weight_decay));
    }
    for (what, value) in amounts {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(Error::invalid(what, value, "0 or more"));
        }
    }
    for (what, value) in decays {
        if !(0.0..1.0).contains(&value) {
            return Err(Error::invalid(what, value, "from 0 to below 1"));
        }
    }
    Ok(())
}

/// Reads a stage from the keys that differ from `default`.
///
/// # Errors
/// When a key is unknown or a value has the wrong type.
pub(super) fn read_over<'de, D: Deserializer<'de>>(
    default: &Stage,
    settings: D,
) -> std::result::Result<Stage, D::Error> {
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
    use super::*;
    use serde_json::json;

    fn read(given: Value) -> std::result::Result<Stage, serde_json::Error> {
        read_over(&decoder_only(), given)
    }

    #[test]
    fn what_is_not_given_keeps_its_default() -> std::result::Result<(), serde_json::Error> {
        assert_eq!(read(json!({}))?, decoder_only());
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
                ..decoder_only()
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
    fn unknown_keys_and_values_out_of_range_are_refused() {
        assert!(read(json!({"epoch": 2})).is_err());
        assert!(read(json!({"decoder": {"momentum": 0.9}})).is_err());
        assert!(check("stage0", &decoder_only()).is_ok() && check("stage1", &end_to_end()).is_ok());
        let refused = |stage: &Stage| {
            check("stage0", stage)
                .map_err(|e| e.to_string())
                .expect_err("out of range")
        };
        let message = refused(&Stage {
            batch: 0,
            ..decoder_only()
        });
        assert_eq!(
            message,
            "schedule.stage0.batch: 0 is not allowed; 1 to 4096"
        );
        refused(&Stage {
            polyak: 1.0,
            ..decoder_only()
        });
        refused(&Stage {
            clip_norm: f64::NAN,
            ..decoder_only()
        });
        let encoder = Optimiser::Sgd {
            lr: 1e-3,
            momentum: -0.1,
            weight_decay: 0.0,
        };
        refused(&Stage {
            encoder,
            ..decoder_only()
        });
    }
}
