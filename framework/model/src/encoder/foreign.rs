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
    // Maps foreign array names to nasfw's.
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for pair in family.pairs(encoder)? {
        wanted.insert(
            format!("{}.weight", pair.their_conv),
            format!("{}.weight", pair.conv),
        );
        for array in NORM {
            wanted.insert(
                format!("{}.{array}", pair.their_norm),
                format!("{}.{array}", pair.norm),
            );
        }
    }
    let found = Weights::some_from_safetensors(bytes, |name| wanted.contains_key(name))
        .map_err(|e| e.to_string())?;
    let mut problems = Vec::new();
    let mut weights = Weights::default();
    let mut is_other_width = false;
    for (theirs, ours) in &wanted {
        // All of our names are the encoder's.
        let Some(target) = needed.get(ours) else {
            continue;
        };
        let Some(array) = found.get(theirs) else {
            problems.push(format!("{theirs} is missing"));
            continue;
        };
        let shape = their_shape(&target.shape);
        if array.shape != shape {
            is_other_width = true;
            let has = &array.shape;
            problems.push(format!(
                "{theirs} has shape {has:?}, the encoder needs {shape:?}"
            ));
        } else if let Some(value) = array.values.iter().find(|v| !v.is_finite()) {
            problems.push(format!("{theirs} contains the value {value}"));
        } else {
            weights.insert(ours, ours_of(array));
        }
    }
    let passed_over = names
        .iter()
        .filter(|name| family.is_passed_over(name))
        .count();
    let extra = names
        .iter()
        .filter(|n| !wanted.contains_key(*n) && !family.is_passed_over(n));
    problems.extend(extra.map(|name| format!("{name} is not an array of the encoder")));
    let family = family.name();
    if problems.is_empty() {
        let note = format!(
            "encoder weights: {} arrays in {family}'s names; skipped {passed_over} arrays (head, \
             counters)",
            weights.len()
        );
        return Ok(Given { weights, note });
    }
    let count = problems.len();
    let more = match count.saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!("\n  … and {n} more"),
    };
    let hint = if is_other_width {
        "\nset space.encoder.width to the width of the file, usually 1.0"
    } else {
        ""
    };
    problems.truncate(SHOWN);
    Err(format!(
        "{count} arrays do not fit the encoder (by {family}'s names):\n  {}{more}{hint}",
        problems.join("\n  ")
    ))
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
                let place = |o: usize| ((o * from + i) * height + y) * width + x;
                values.extend((0..to).map(|o| array.values[place(o)]));
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
