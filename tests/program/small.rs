//! The settings that keep searches and trainings of tests short.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use toml::Value;

/// `KEY=VALUE` of each table of `tests/small.toml`.
static SMALL: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let text = include_str!("../small.toml");
    let tables: BTreeMap<String, Value> = toml::from_str(text).unwrap();
    let flat = |(name, table)| {
        let mut settings = Vec::new();
        flatten(String::new(), &table, &mut settings);
        (name, settings)
    };
    tables.into_iter().map(flat).collect()
});

fn flatten(key: String, value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            let dot = if key.is_empty() { "" } else { "." };
            for (name, value) in table {
                flatten(format!("{key}{dot}{name}"), value, into);
            }
        }
        value => into.push(format!("{key}={value}")),
    }
}

/// `KEY=VALUE` of the tables `names`, one after the other. Later ones win.
pub(crate) fn small(names: &[&str]) -> Vec<&'static str> {
    let settings = names.iter().flat_map(|&name| &SMALL[name]);
    settings.map(String::as_str).collect()
}

/// `--set` before each of `settings`.
pub(crate) fn sets<'a>(settings: &[&'a str]) -> Vec<&'a str> {
    settings.iter().flat_map(|&s| ["--set", s]).collect()
}
