//! Validation of a library's description, before it is used or shown.

use nasfw_abi::message::Item;
use serde_json::Value;

/// Maximum number of items in a library.
const MAX_ITEMS: usize = 256;

/// Checks a library's description of its items.
///
/// # Errors
/// One line: the first problem.
pub(super) fn check_items(items: &[Item]) -> Result<(), String> {
    if items.is_empty() || items.len() > MAX_ITEMS {
        return Err(format!(
            "registers {} items; expected 1 to {MAX_ITEMS} (nasfw_sdk::register!)",
            items.len()
        ));
    }
    for item in items {
        for (what, name) in [("plugin", &item.plugin), ("name", &item.name)] {
            let is_plain =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
            if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
                return Err(format!(
                    "the {what} `{}` is not allowed; use 1 to 64 of a-z, 0-9, - and _",
                    one_line(name)
                ));
            }
        }
        if !item.defaults.is_object() {
            return Err(format!(
                "the default settings of `{}` are not a table",
                item.name
            ));
        }
    }
    Ok(())
}

/// Removes line breaks and control characters, and limits the length.
pub(super) fn one_line(text: &str) -> String {
    const MAX: usize = 2000;
    let cleaned = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    cleaned.take(MAX).collect()
}

/// Applies this to every text in a value.
pub(super) fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = one_line(text),
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(map) => map.values_mut().for_each(clean),
        _ => {}
    }
}
