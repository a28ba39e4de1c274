//! Genotypes: the options of all decisions that are asked, `width=16,depth=2`.

use super::conditions::Conditions;
use super::trace::listed;
use crate::choices::Choices;
use crate::error::{Error, Result, nearest};

pub(super) fn genotype(conditions: &Conditions, choices: &Choices) -> String {
    let asked = conditions.asked(choices);
    let parts: Vec<String> = asked
        .map(|(decision, option)| format!("{}={}", decision.label, decision.options[option]))
        .collect();
    parts.join(",")
}

/// The inverse of [`genotype`].
///
/// # Errors
/// Names the part that is wrong, and what would be right.
pub(super) fn parse(conditions: &Conditions, genotype: &str) -> Result<Choices> {
    let wrong = |part: &str, expected: String| {
        let what = format!("genotype `{genotype}`");
        Err(Error::invalid(what, format!("`{part}`"), expected))
    };
    let mut parts = genotype.split(',');
    let mut values: Vec<usize> = Vec::new();
    for (at, decision) in conditions.schema().decisions().iter().enumerate() {
        if !conditions.is_asked(at, &values) {
            values.push(0);
            continue;
        }
        let (label, options) = (&decision.label, &decision.options);
        let expected = || format!("expected `{label}=` and one of {}", listed(options));
        let Some(part) = parts.next() else {
            return wrong("nothing more", expected());
        };
        let Some((_, option)) = part.split_once('=').filter(|(name, _)| name == label) else {
            return wrong(part, expected());
        };
        let Some(value) = options.iter().position(|o| o == option) else {
            let near = nearest(option, options.iter().map(String::as_str));
            let hint = near.map(|n| format!(" (did you mean `{n}`?)"));
            return wrong(part, expected() + &hint.unwrap_or_default());
        };
        values.push(value);
    }
    match parts.next() {
        Some(part) => wrong(part, "expected the end".into()),
        None => conditions.schema().choices(values),
    }
}
