//! The text form of a genotype: `[cell, [[a,b],[c,d],[e,f]]]`, the cell being
//! `[op, [p1,p2,o1,o2], …]`, as the paper's authors print architectures.

use std::fmt;

use nasfw_sdk::{Choices, Error, Result, Schema};
use serde_json::Value;

use super::genotype::Genotype;

impl fmt::Display for Genotype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[[{}", self.cell.op.number())?;
        for layer in &self.cell.layers {
            let ([p1, p2], [o1, o2]) = (layer.positions, layer.ops.map(|o| o.number()));
            write!(f, ",[{p1},{p2},{o1},{o2}]")?;
        }
        let blocks: Vec<String> = (self.wiring.iter())
            .map(|[a, b]| format!("[{a},{b}]"))
            .collect();
        write!(f, "],[{}]]", blocks.join(","))
    }
}

/// Reads the text form, white space or not, into choices of `schema`.
///
/// # Errors
/// Names the part and its expected form, or the position, its value and range.
pub(super) fn parse(text: &str, schema: &Schema, blocks: usize, layers: usize) -> Result<Choices> {
    let form = format!(
        "the form is [cell,wiring] with cell [op,[p1,p2,o1,o2] x {layers}] and wiring [[a,b] x {blocks}]"
    );
    let whole: Value = serde_json::from_str(text)
        .map_err(|e| Error::invalid("genotype", shorten(text), format!("{form} ({e})")))?;
    let parts = list(&whole, "genotype", 2, &form)?;
    let wiring = list(&parts[1], "genotype wiring", blocks, &form)?;
    let cell = list(&parts[0], "genotype cell", 1 + layers, &form)?;
    let mut numbers: Vec<&Value> = Vec::with_capacity(schema.len());
    for (block, inputs) in wiring.iter().enumerate() {
        numbers.extend(list(inputs, &format!("genotype block {block}"), 2, &form)?);
    }
    numbers.push(&cell[0]);
    for (layer, values) in cell[1..].iter().enumerate() {
        let what = format!("genotype layer {}", layer + 1);
        numbers.extend(list(values, &what, 4, &form)?);
    }
    let mut values = Vec::with_capacity(schema.len());
    for (number, decision) in numbers.into_iter().zip(schema.decisions()) {
        let last = decision.arity() - 1;
        let choice = number.as_u64().and_then(|n| usize::try_from(n).ok());
        match choice {
            Some(choice) if choice <= last => values.push(choice),
            _ => {
                let range = match last {
                    0 => "it must be 0".to_owned(),
                    _ => format!("it must be 0 to {last}"),
                };
                let what = format!("genotype, {}", decision.label);
                return Err(Error::invalid(what, shorten(&number.to_string()), range));
            }
        }
    }
    schema.choices(values)
}

fn list<'a>(value: &'a Value, what: &str, length: usize, form: &str) -> Result<&'a [Value]> {
    match value.as_array() {
        Some(items) if items.len() == length => Ok(items),
        _ => {
            let expected = format!("it must be a list of {length}; {form}");
            Err(Error::invalid(what, shorten(&value.to_string()), expected))
        }
    }
}

/// Truncates a long text for a message.
fn shorten(text: &str) -> String {
    const MAX: usize = 80;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
