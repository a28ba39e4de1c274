//! `docs/settings.md` agrees with the code: every key that a user can set, its type, values and
//! meaning.
//!
//! `NASFW_WRITE=1 cargo test --test settings` rewrites the page.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;
mod source;
mod table;

use std::fs;
use std::path::Path;

use nasfw_engine::config::{Layers, Preset};
use nasfw_plugins as _; // linked so that its items are registered
use serde_json::Value;

use source::Source;

/// The configuration of a preset with `choices` of members.
fn resolved(preset: Preset, choices: &[String]) -> Value {
    let config = Layers::new(preset).set(choices).unwrap().resolve().unwrap();
    let mut value = serde_json::to_value(config).unwrap();
    // Omitted while unset, but a key nevertheless.
    value["data"]["path"] = Value::Null;
    value["data"]["group"] = Value::Null;
    value
}

#[test]
fn the_page_is_what_the_code_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/settings.md");
    let said = page::page(&Source::read(root));
    if std::env::var_os("NASFW_WRITE").is_some() {
        fs::write(&path, &said).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = said
        .lines()
        .zip(kept.lines())
        .find(|(said, kept)| said != kept);
    assert!(
        said == kept,
        "docs/settings.md is not what the code says, first where it should say\n{}\n\
         `NASFW_WRITE=1 cargo test --test settings` writes it anew",
        differs.map_or("(its end)", |(said, _)| said)
    );
}

#[test]
fn every_key_of_a_configuration_is_on_the_page() {
    let source = Source::read(Path::new(env!("CARGO_MANIFEST_DIR")));
    let page = page::page(&source);
    for kind in ["space", "task", "controller", "schedule"] {
        for member in source.members(kind) {
            let choice = page::choice(kind, member.chosen_by());
            for preset in [Preset::None, Preset::Demo, Preset::Paper] {
                let mut keys = Vec::new();
                leaves(
                    "",
                    &resolved(preset, std::slice::from_ref(&choice)),
                    &mut keys,
                );
                assert!(keys.len() > 50, "{keys:?}");
                for key in keys {
                    assert!(page.contains(&format!("| `{key}` |")), "{choice}: {key}");
                }
            }
        }
    }
}

/// The keys of all plain values below `value`.
fn leaves(path: &str, value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                leaves(&format!("{path}{dot}{key}"), value, into);
            }
        }
        _ => into.push(path.into()),
    }
}
