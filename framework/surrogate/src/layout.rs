//! What a kernel needs to know of a schema.

use std::collections::BTreeMap;

use nasfw_sdk::Schema;

/// Decisions and their options, laid out in rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    decisions: Vec<Options>,
    factors: usize,
}

/// The options of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) arity: usize,
    /// The first among the options of all decisions.
    pub(crate) start: usize,
    /// The first among the options that have a factor of their own.
    pub(crate) factor: usize,
    /// True for three or more numbers in order: of two there is but one distance.
    pub(crate) is_ranked: bool,
}

impl Layout {
    /// The layout of a schema. Decisions of one kind share the factors of their options.
    pub fn of(schema: &Schema) -> Self {
        let mut kinds: BTreeMap<(&str, usize), usize> = BTreeMap::new();
        let mut decisions = Vec::with_capacity(schema.len());
        let (mut start, mut factors) = (0, 0);
        for decision in schema.decisions() {
            let arity = decision.arity();
            let shared = match decision.kind.as_str() {
                "" => None,
                kind => Some(*kinds.entry((kind, arity)).or_insert(factors)),
            };
            let factor = shared.unwrap_or(factors);
            if factor == factors {
                factors += arity;
            }
            decisions.push(Options {
                arity,
                start,
                factor,
                is_ranked: arity > 2 && are_ascending(&decision.options),
            });
            start += arity;
        }
        Self { decisions, factors }
    }

    /// The number of decisions.
    pub fn width(&self) -> usize {
        self.decisions.len()
    }

    /// The number of factors of options.
    pub(crate) fn factors(&self) -> usize {
        self.factors
    }

    pub(crate) fn decisions(&self) -> impl Iterator<Item = &Options> {
        self.decisions.iter()
    }
}

/// True for numbers, each above the one before.
fn are_ascending(options: &[String]) -> bool {
    let numbers: Option<Vec<f64>> = options
        .iter()
        .map(|text| text.trim().parse().ok())
        .collect();
    numbers.is_some_and(|all| all.windows(2).all(|pair| pair[0] < pair[1]))
}
