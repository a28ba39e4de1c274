//! `Config` → TOML.

use serde_json::{Map, Value};

use super::Config;

/// The tables in reading order: what is searched first, then how.
const ORDER: [&str; 12] = [
    "run",
    "space",
    "task",
    "controller",
    "schedule",
    "data",
    "meta",
    "encoder",
    "warmup",
    "teacher",
    "features",
    "train",
];

/// Every table and key; keys without a value as comments, because TOML has no null.
pub(super) fn write(config: &Config) -> String {
    let mut out = String::new();
    // The tables are maps with text keys and finite numbers, which JSON always takes.
    if let Ok(Value::Object(mut tree)) = serde_json::to_value(config) {
        // Omitted from JSON while unset, but still a key.
        if let Some(Value::Object(data)) = tree.get_mut("data") {
            for key in ["path", "group"] {
                data.entry(key).or_insert(Value::Null);
            }
        }
        if let Some(plugins) = tree.get("plugins").and_then(to_toml) {
            out.push_str(&format!("plugins = {plugins}\n"));
        }
        for name in ORDER {
            if let Some(Value::Object(table)) = tree.get(name) {
                write_table(&mut out, name, table);
            }
        }
    }
    out
}

fn write_table(out: &mut String, path: &str, table: &Map<String, Value>) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&format!("[{path}]\n"));
    let first = ["plugin", "name", "kind"];
    let is_first = |key: &String| first.contains(&key.as_str());
    let plain = table.iter().filter(|(_, v)| !v.is_object());
    let (heads, rest): (Vec<_>, Vec<_>) = plain.partition(|(k, _)| is_first(k));
    for (key, value) in heads.into_iter().chain(rest) {
        match to_toml(value) {
            Some(value) => out.push_str(&format!("{} = {value}\n", quote(key))),
            None => out.push_str(&format!("# {} is not set\n", quote(key))),
        }
    }
    for (key, value) in table {
        if let Value::Object(inner) = value {
            write_table(out, &format!("{path}.{}", quote(key)), inner);
        }
    }
}

fn to_toml(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(b) => toml::Value::Boolean(*b),
        Value::Number(n) => match n.as_i64() {
            Some(i) => toml::Value::Integer(i),
            None => toml::Value::Float(n.as_f64()?),
        },
        Value::String(s) => toml::Value::String(s.clone()),
        Value::Array(a) => toml::Value::Array(a.iter().filter_map(to_toml).collect()),
        Value::Object(o) => toml::Value::Table(
            o.iter()
                .filter_map(|(k, v)| Some((k.clone(), to_toml(v)?)))
                .collect(),
        ),
    })
}

fn quote(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.into()
    } else {
        toml::Value::String(key.into()).to_string()
    }
}
