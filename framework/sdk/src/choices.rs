//! Decisions, the schema they form, and valid sequences of choices.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::seed::Rng;

/// Maximum number of options of a decision; more is a mistake in a plugin's reply.
pub const MAX_ARITY: usize = 4096;
/// Maximum number of decisions of a schema.
pub const MAX_DECISIONS: usize = 4096;

/// One categorical decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The decision's name, unique in its schema, e.g. `block1.input0`.
    pub label: String,
    /// The options' names, in index order; their number is the arity.
    pub options: Vec<String>,
    /// Decisions with the same key choose among the same options with the same meaning, so a
    /// controller may share what it learns (the method shares one head among all operations).
    #[serde(default)]
    pub kind: String,
    /// Options that earlier choices rule out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<Mask>,
}

/// Rules out options of a decision when an earlier decision chose a certain option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// Index of the earlier decision.
    pub when: usize,
    /// The choice there that makes this mask apply.
    pub chose: usize,
    /// The options ruled out here.
    pub forbids: Vec<usize>,
}

impl Decision {
    /// A decision among named options.
    pub fn new(
        label: impl Into<String>,
        kind: impl Into<String>,
        options: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            label: label.into(),
            kind: kind.into(),
            options: options.into_iter().map(Into::into).collect(),
            masks: Vec::new(),
        }
    }

    /// The number of options.
    pub fn arity(&self) -> usize {
        self.options.len()
    }
}

/// The decisions of a search space in sampling order, checked on construction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Decision>", into = "Vec<Decision>")]
pub struct Schema {
    decisions: Vec<Decision>,
}

impl Schema {
    /// Checks the decisions: unique labels, at least one option each, masks that look back only and
    /// never leave a decision without an option.
    pub fn new(decisions: Vec<Decision>) -> Result<Self> {
        let fail = |label: &str, expected: String| Err(Error::invalid("schema", label, expected));
        if decisions.is_empty() || decisions.len() > MAX_DECISIONS {
            return fail(
                "decisions",
                format!("a schema has 1 to {MAX_DECISIONS} decisions"),
            );
        }
        let mut labels = std::collections::BTreeSet::new();
        for (at, decision) in decisions.iter().enumerate() {
            let arity = decision.arity();
            if !labels.insert(decision.label.as_str()) {
                return fail(&decision.label, "labels must be unique".into());
            }
            if arity == 0 || arity > MAX_ARITY {
                return fail(
                    &decision.label,
                    format!("a decision has 1 to {MAX_ARITY} options"),
                );
            }
            let mut forbidden = std::collections::BTreeSet::new();
            for mask in &decision.masks {
                let looks_back = mask.when < at && mask.chose < decisions[mask.when].arity();
                if !looks_back || mask.forbids.iter().any(|&o| o >= arity) {
                    return fail(
                        &decision.label,
                        "a mask must name an earlier choice and options of this decision".into(),
                    );
                }
                forbidden.extend(mask.forbids.iter().copied());
            }
            // Sufficient and simple: some option is ruled out by no mask at all. Otherwise two
            // masks together could leave a dead end that only some sequences reach.
            if forbidden.len() >= arity {
                return fail(
                    &decision.label,
                    "at least one option must never be masked".into(),
                );
            }
        }
        Ok(Self { decisions })
    }

    /// The decisions, in sampling order.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The number of decisions.
    pub fn len(&self) -> usize {
        self.decisions.len()
    }

    /// Never true: a schema has at least one decision.
    pub fn is_empty(&self) -> bool {
        self.decisions.is_empty()
    }

    /// The arity of every decision, in sampling order.
    pub fn arities(&self) -> Vec<usize> {
        self.decisions.iter().map(Decision::arity).collect()
    }

    /// For each option of decision `prefix.len()`, true if it is allowed after the choices
    /// `prefix`.
    ///
    /// # Panics
    /// If `prefix` already has a choice for every decision.
    pub fn allowed(&self, prefix: &[usize]) -> Vec<bool> {
        let decision = &self.decisions[prefix.len()];
        let mut allowed = vec![true; decision.arity()];
        for mask in &decision.masks {
            if prefix[mask.when] == mask.chose {
                for &option in &mask.forbids {
                    allowed[option] = false;
                }
            }
        }
        allowed
    }

    /// Checks a sequence of choices.
    pub fn choices(&self, values: impl Into<Vec<usize>>) -> Result<Choices> {
        let values = values.into();
        if values.len() != self.len() {
            return Err(Error::invalid(
                "choices",
                format!("a sequence of {}", values.len()),
                format!("this space has {} decisions", self.len()),
            ));
        }
        for at in 0..values.len() {
            let decision = &self.decisions[at];
            let allowed = self.allowed(&values[..at]);
            if !allowed.get(values[at]).copied().unwrap_or(false) {
                let right: Vec<String> = (0..allowed.len())
                    .filter(|&o| allowed[o])
                    .map(|o| o.to_string())
                    .collect();
                return Err(Error::invalid(
                    format!("choice {at} ({})", decision.label),
                    values[at],
                    format!("allowed here: {}", right.join(", ")),
                ));
            }
        }
        Ok(Choices(values))
    }

    /// Draws a sequence of choices: among the allowed options of each decision, one in proportion to
    /// its weight, `weight(decision, option)`.
    ///
    /// # Errors
    /// When a weight is negative or not finite, or all of a decision are 0.
    pub fn draw(
        &self,
        rng: &mut Rng,
        mut weight: impl FnMut(usize, usize) -> f64,
    ) -> Result<Choices> {
        let mut values = Vec::with_capacity(self.len());
        for (at, decision) in self.decisions.iter().enumerate() {
            let allowed = self.allowed(&values);
            let options = allowed.into_iter().enumerate().filter(|(_, is)| *is);
            let weights: Vec<(usize, f64)> = options.map(|(o, _)| (o, weight(at, o))).collect();
            let sum: f64 = weights.iter().map(|(_, w)| w).sum();
            if !(sum > 0.0 && sum.is_finite()) || weights.iter().any(|(_, w)| *w < 0.0) {
                return Err(Error::invalid(
                    format!("weights of {}", decision.label),
                    format!("{weights:?}"),
                    "weights are finite, 0 or more, and not all 0",
                ));
            }
            let mut left = rng.random::<f64>() * sum;
            let likely = weights.into_iter().filter(|(_, w)| *w > 0.0);
            let mut drawn = 0;
            for (option, weight) in likely {
                // Rounding may leave a crumb above the sum, which is the last one's.
                drawn = option;
                if left < weight {
                    break;
                }
                left -= weight;
            }
            values.push(drawn);
        }
        self.choices(values)
    }

    /// The number of unmasked sequences, as a float because it overflows integers quickly.
    pub fn sequences(&self) -> f64 {
        self.decisions.iter().map(|d| d.arity() as f64).product()
    }

    /// Entropy of the uniform policy in nats, ignoring masks.
    pub fn uniform_entropy_nats(&self) -> f64 {
        self.decisions.iter().map(|d| (d.arity() as f64).ln()).sum()
    }
}

impl TryFrom<Vec<Decision>> for Schema {
    type Error = Error;
    fn try_from(decisions: Vec<Decision>) -> Result<Self> {
        Self::new(decisions)
    }
}

impl From<Schema> for Vec<Decision> {
    fn from(schema: Schema) -> Self {
        schema.decisions
    }
}

/// One valid choice per decision of a schema, constructed only by [`Schema::choices`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Choices(Vec<usize>);

impl std::ops::Deref for Choices {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[test]
    fn draws_are_allowed_and_follow_their_weights() -> Result<()> {
        let mut second = Decision::new("b", "", ["x", "y"]);
        second.masks.push(Mask {
            when: 0,
            chose: 2,
            forbids: vec![1],
        });
        let schema = Schema::new(vec![Decision::new("a", "", ["x", "y", "z"]), second])?;
        let mut rng = Seed(1).stream("draws");
        let mut counts = [[0_usize; 2]; 3];
        for _ in 0..4000 {
            let drawn = schema.draw(&mut rng, |at, option| [[0.0, 1.0, 3.0][option], 1.0][at])?;
            counts[drawn[0]][drawn[1]] += 1;
        }
        assert_eq!((counts[0], counts[2][1]), ([0, 0], 0));
        // A quarter of 4000, within four standard deviations.
        assert!(
            (counts[1][0] + counts[1][1]).abs_diff(1000) < 110,
            "{counts:?}"
        );
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 0.0] {
            let said = schema
                .draw(&mut rng, |_, _| wrong)
                .err()
                .map(|e| e.to_string());
            assert!(said.is_some_and(|s| s.contains("weights of a")), "{wrong}");
        }
        Ok(())
    }
}
