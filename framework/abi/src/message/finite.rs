//! Numbers that are finite, or else text that says what they were, which no reader takes for one.

/// One number.
pub(super) mod one {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    /// Writes `value`.
    ///
    /// # Errors
    /// The serializer's own errors.
    pub(crate) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            to.serialize_f64(*value)
        } else {
            to.collect_str(value)
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

/// One number, or null for none.
pub(super) mod maybe {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Number(#[serde(with = "super::one")] f64);

    /// Writes `value`.
    ///
    /// # Errors
    /// The serializer's own errors.
    pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        value.map(Number).serialize(to)
    }

    /// Reads a finite number or null.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        let value = Option::<Number>::deserialize(from)?;
        Ok(value.map(|number| number.0))
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
    /// The serializer's own errors.
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

    use super::{maybe, one};

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

    #[test]
    fn what_may_be_left_out_is_finite_too() {
        #[derive(Serialize, Deserialize)]
        struct Maybe {
            #[serde(default, with = "maybe")]
            x: Option<f64>,
        }
        let read = |text: &str| serde_json::from_str::<Maybe>(text).map(|it| it.x);
        assert_eq!(read("{}").unwrap(), None);
        assert_eq!(read(r#"{"x": null}"#).unwrap(), None);
        assert_eq!(read(r#"{"x": -2}"#).unwrap(), Some(-2.0));
        let text = serde_json::to_string(&Maybe { x: Some(f64::NAN) }).unwrap();
        let error = read(&text).err().unwrap();
        assert!(error.to_string().contains("a finite number"), "{error}");
    }
}
