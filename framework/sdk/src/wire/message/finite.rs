//! Numbers that are finite, or else text that says what they were, which no reader takes for one.

/// One number.
pub(super) mod one {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    /// Writes `value`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub(crate) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        match value.is_finite() {
            true => to.serialize_f64(*value),
            false => to.collect_str(value),
        }
    }

    /// Reads a finite number.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = f64;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a finite number")
            }
            fn visit_f64<E: Error>(self, v: f64) -> Result<f64, E> {
                Ok(v)
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<f64, E> {
                Ok(v as f64)
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<f64, E> {
                Ok(v as f64)
            }
        }
        from.deserialize_any(Number)
    }
}

/// Several numbers.
pub(super) mod list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Number(#[serde(with = "super::one")] f64);

    /// Writes `values`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub(crate) fn serialize<S: Serializer>(values: &[f64], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(|v| Number(*v)))
    }

    /// Reads finite numbers.
    ///
    /// # Errors
    /// When one is none.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        let all = Vec::<Number>::deserialize(from)?;
        Ok(all.into_iter().map(|n| n.0).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde::{Deserialize, Serialize};

    use super::one;

    #[test]
    fn only_finite_numbers_cross() {
        #[derive(Serialize, Deserialize)]
        struct One {
            #[serde(with = "one")]
            x: f64,
        }
        for x in [0.1, -0.0, 1e300, 5e-324] {
            let text = serde_json::to_string(&One { x }).unwrap();
            let back: One = serde_json::from_str(&text).unwrap();
            assert_eq!(back.x.to_bits(), x.to_bits());
        }
        for x in [f64::NAN, f64::INFINITY] {
            let text = serde_json::to_string(&One { x }).unwrap();
            let error = serde_json::from_str::<One>(&text).err().unwrap();
            assert!(error.to_string().contains("a finite number"), "{error}");
        }
        assert!(serde_json::from_str::<One>(r#"{"x": 1e999}"#).is_err());
        assert!(serde_json::from_str::<One>(r#"{"x": null}"#).is_err());
    }
}
