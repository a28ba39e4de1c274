//! Strict conversion of torchvision's and timm's arrays to nasfw's.

use std::collections::BTreeMap;

use nasfw_sdk::graph::Graph;

use super::Given;
use super::mobilenet_v2::Family;
use nasfw_network::{Array, Weights};

/// Maximum number of problems listed.
const SHOWN: usize = 20;

/// Array names of a normalisation, the same in all three formats.
const NORM: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

/// Reads the arrays of `encoder`, listed in `needed` under nasfw's names.
///
/// # Errors
/// Lists all arrays that are missing, superfluous, of another shape, or not finite.
pub(super) fn read(
    bytes: &[u8],
    names: &[String],
    family: Family,
    encoder: &Graph,
    needed: &Weights,
) -> Result<Given, String> {
    let wanted = our_names(family, encoder)?;
    let found = Weights::some_from_safetensors(bytes, |name| wanted.contains_key(name))
        .map_err(|e| e.to_string())?;
    let mut converted = convert(&found, &wanted, needed);
    let (skipped, others): (Vec<&String>, Vec<&String>) = (names.iter())
        .filter(|name| !wanted.contains_key(*name))
        .partition(|name| family.is_skipped(name));
    (converted.problems)
        .extend((others.iter()).map(|name| format!("{name} is not an array of the encoder")));
    if !converted.problems.is_empty() {
        return Err(converted.listed(family));
    }
    let weights = converted.weights;
    let note = format!(
        "encoder weights: {} arrays in {}'s names; skipped {} arrays (head, counters)",
        weights.len(),
        family.name(),
        skipped.len()
    );
    Ok(Given { weights, note })
}

/// Maps the names that `family` gives to the encoder's arrays to nasfw's.
fn our_names(family: Family, encoder: &Graph) -> Result<BTreeMap<String, String>, String> {
    let mut names = BTreeMap::new();
    for pair in family.pairs(encoder)? {
        names.insert(
            format!("{}.weight", pair.their_conv),
            format!("{}.weight", pair.conv),
        );
        for array in NORM {
            names.insert(
                format!("{}.{array}", pair.their_norm),
                format!("{}.{array}", pair.norm),
            );
        }
    }
    Ok(names)
}

/// The arrays that fit, and the problems of the others.
#[derive(Default)]
struct Converted {
    weights: Weights,
    problems: Vec<String>,
    /// True if an array has another shape, as in an encoder of another width.
    is_other_width: bool,
}

/// Converts the arrays `found` of the names in `wanted`, their names to ours.
fn convert(found: &Weights, wanted: &BTreeMap<String, String>, needed: &Weights) -> Converted {
    let mut converted = Converted::default();
    for (theirs, ours) in wanted {
        // All of our names are the encoder's.
        let Some(target) = needed.get(ours) else {
            continue;
        };
        let shape = their_shape(&target.shape);
        let problem = match found.get(theirs) {
            None => format!("{theirs} is missing"),
            Some(array) if array.shape != shape => {
                converted.is_other_width = true;
                let has = &array.shape;
                format!("{theirs} has shape {has:?}, the encoder needs {shape:?}")
            }
            Some(array) => match array.values.iter().find(|v| !v.is_finite()) {
                Some(value) => format!("{theirs} contains the value {value}"),
                None => {
                    converted.weights.insert(ours, ours_of(array));
                    continue;
                }
            },
        };
        converted.problems.push(problem);
    }
    converted
}

impl Converted {
    /// The problems as one message.
    fn listed(&self, family: Family) -> String {
        let count = self.problems.len();
        let shown = &self.problems[..count.min(SHOWN)];
        let more = match count - shown.len() {
            0 => String::new(),
            n => format!("\n  … and {n} more"),
        };
        let hint = if self.is_other_width {
            "\nset space.encoder.width to the width of the file, usually 1.0"
        } else {
            ""
        };
        format!(
            "{count} arrays do not fit the encoder (by {}'s names):\n  {}{more}{hint}",
            family.name(),
            shown.join("\n  ")
        )
    }
}

/// The PyTorch shape of one of our arrays: convolutions are `(out, in / groups, kernel, kernel)`.
fn their_shape(ours: &[usize]) -> Vec<usize> {
    match *ours {
        [height, width, from, to] => vec![to, from, height, width],
        _ => ours.to_vec(),
    }
}

/// Converts an array to our layout: `(out, in / groups, kernel, kernel)` becomes
/// `(kernel, kernel, in / groups, out)`.
fn ours_of(array: &Array) -> Array {
    let [to, from, height, width] = array.shape[..] else {
        return array.clone();
    };
    let mut values = Vec::with_capacity(array.values.len());
    for y in 0..height {
        for x in 0..width {
            for i in 0..from {
                let index = |o: usize| ((o * from + i) * height + y) * width + x;
                values.extend((0..to).map(|o| array.values[index(o)]));
            }
        }
    }
    Array {
        shape: vec![height, width, from, to],
        values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_turned_over() {
        // Two outputs of one input, 1 x 3.
        let theirs = Array {
            shape: vec![2, 1, 1, 3],
            values: vec![0.0, 1.0, 2.0, 10.0, 11.0, 12.0],
        };
        let ours = ours_of(&theirs);
        assert_eq!(ours.shape, [1, 3, 1, 2]);
        assert_eq!(ours.values, [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
        assert_eq!(their_shape(&ours.shape), theirs.shape);
        assert_eq!(their_shape(&[7]), [7]);
    }
}
