//! What a library says of itself, before it is believed or shown.

use nasfw_sdk::wire::message::Item;
use serde_json::Value;

/// The most items of a library.
const MOST_ITEMS: usize = 256;

/// Checks what a library says it has.
///
/// # Errors
/// One line: the first thing that is not as it should be.
pub(super) fn check_items(items: &[Item]) -> Result<(), String> {
    if items.is_empty() || items.len() > MOST_ITEMS {
        return Err(format!(
            "registers {} items; 1 to {MOST_ITEMS} are right (nasfw_sdk::register!)",
            items.len()
        ));
    }
    for item in items {
        for (what, name) in [("plugin", &item.plugin), ("name", &item.name)] {
            let is_plain =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
            if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
                return Err(format!(
                    "the {what} `{}` is not allowed; 1 to 64 of a-z, 0-9, - and _ are",
                    one_line(name)
                ));
            }
        }
        if !item.defaults.is_object() {
            return Err(format!(
                "the default settings of `{}` are no table",
                item.name
            ));
        }
    }
    Ok(())
}

/// Text without line breaks and control characters, and not too long.
pub(super) fn one_line(text: &str) -> String {
    const MOST: usize = 2000;
    let cleaned = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    cleaned.take(MOST).collect()
}

/// The same for every text in a value.
pub(super) fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = one_line(text),
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(map) => map.values_mut().for_each(clean),
        _ => {}
    }
}
