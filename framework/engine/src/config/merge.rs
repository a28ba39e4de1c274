//! Merges one tree of values into another, key by key.

use serde_json::{Map, Value};

use super::layer::LayerSource;
use crate::error::{Error, Result};

/// Merges `layer` into `base`, whose keys are the only valid ones.
///
/// `path` locates both in the whole configuration, e.g. `schedule`.
pub(super) fn overlay(
    base: &mut Map<String, Value>,
    layer: &Map<String, Value>,
    path: &str,
    origin: &LayerSource,
) -> Result<()> {
    for (key, value) in layer {
        let here = join(path, key);
        let Some(old) = base.get_mut(key) else {
            let known = base.keys().map(String::as_str);
            let hint = nasfw_sdk::error::nearest(key, known.clone())
                .map(|n| format!(" (did you mean `{}`?)", join(path, n)))
                .unwrap_or_default();
            let known: Vec<&str> = known.collect();
            let table = if path.is_empty() { "tables" } else { "keys" };
            let message = format!("unknown key{hint}; known {table}: {}", known.join(", "));
            return Err(error(&here, message, origin));
        };
        match (old, value) {
            (Value::Object(old), Value::Object(new)) => {
                change_kind(old, new);
                overlay(old, new, &here, origin)?;
            }
            (old, value) => *old = fit(old, value).map_err(|m| error(&here, m, origin))?,
        }
    }
    Ok(())
}

/// Handles optimisers, tables whose keys depend on their `kind`: keeps the keys that both kinds
/// share, so that `decoder.kind=sgd` only needs the keys that Adam lacks.
fn change_kind(old: &mut Map<String, Value>, new: &Map<String, Value>) {
    let Some(kind) = new
        .get("kind")
        .filter(|k| old.get("kind").is_some_and(|o| o != *k))
    else {
        return;
    };
    let keys: &[&str] = match kind.as_str() {
        Some("adam") => &["kind", "lr", "weight_decay"],
        Some("sgd") => &["kind", "lr", "momentum", "weight_decay"],
        // Keys of an unknown kind are not known here; whoever reads the settings checks them.
        _ => {
            *old = new.clone();
            return;
        }
    };
    old.retain(|key, _| keys.contains(&key.as_str()));
    for key in keys {
        old.entry(*key).or_insert_with(|| 0.0.into());
    }
}

/// Converts `new` to the type of `old`: an integer becomes a float where a float stands, so that a
/// configuration reads back equal to itself.
fn fit(old: &Value, new: &Value) -> Result<Value, String> {
    let fits = match (old, new) {
        // Null stands for an optional value whose type only its reader knows.
        (Value::Null, _) => true,
        (Value::Number(old), Value::Number(n)) if old.is_f64() => {
            let number = n.as_f64().and_then(serde_json::Number::from_f64);
            return number
                .map(Value::Number)
                .ok_or_else(|| format!("{n} is out of range"));
        }
        (Value::Number(_), Value::Number(n)) if n.is_f64() => match n.as_f64() {
            Some(f) if f.fract() == 0.0 && f.abs() < 9e15 => return Ok(Value::from(f as i64)),
            _ => return Err(format!("{n} is not allowed; expected a whole number")),
        },
        (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
    };
    if fits {
        return Ok(new.clone());
    }
    Err(format!("{new} is not allowed; expected {}", name(old)))
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "a value",
        Value::Bool(_) => "true or false",
        Value::Number(n) if n.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table of keys",
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.into()
    } else {
        format!("{path}.{key}")
    }
}

/// An error about `key` that names the source of its value.
pub(super) fn error(key: &str, message: impl std::fmt::Display, origin: &LayerSource) -> Error {
    let (file, from) = match origin {
        LayerSource::File(path) => (Some(path.clone()), String::new()),
        LayerSource::Preset(preset) => (None, format!(" (preset {preset:?})").to_lowercase()),
        LayerSource::Text(name) => (None, format!(" ({name})")),
        LayerSource::Flag(flag) => (None, format!(" (from {flag})")),
        LayerSource::Sets(options) => {
            let typed = options.iter().rfind(|o| {
                let k = o.split('=').next().unwrap_or_default().trim();
                k == key || k.starts_with(&format!("{key}.")) || key.starts_with(&format!("{k}."))
            });
            (
                None,
                typed
                    .map(|o| format!(" (from --set {o})"))
                    .unwrap_or_default(),
            )
        }
    };
    Error::Config {
        file,
        message: format!("`{key}`{from}: {message}"),
    }
}
