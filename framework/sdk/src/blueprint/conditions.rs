//! The schema that explains all builds of a trace.

use std::collections::{BTreeMap, BTreeSet};

use super::pick::Asked;
use super::trace::{DecisionId, Found, Trace, genotype, listed};
use crate::choices::{Choices, Decision, MAX_DECISIONS, Mask, Schema};
use crate::error::{Error, Result};

/// A schema, and which choices leave which of its decisions unasked.
///
/// A decision is asked unless one of certain earlier choices was made; one that is not asked has
/// its first option.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    schema: Schema,
    /// For each decision, the earlier choices (decision, option) that leave it unasked.
    unasked_after: Vec<Vec<(usize, usize)>>,
}

impl Conditions {
    /// The conditions that single choices show: from a run that asks a decision, each other option
    /// of an earlier one after which it is not asked.
    pub(super) fn of(trace: &Trace) -> Result<Self> {
        if trace.decisions.is_empty() || trace.decisions.len() > MAX_DECISIONS {
            return Err(Error::invalid(
                "search space",
                format!("one of {} decisions", trace.decisions.len()),
                format!("it has 1 to {MAX_DECISIONS}; `pick.one_of` asks one"),
            ));
        }
        let order = trace.order()?;
        let place: BTreeMap<DecisionId, usize> =
            (0..).zip(&order).map(|(at, &id)| (id, at)).collect();
        let kinds = kinds(trace);
        let (mut decisions, mut unasked_after) = (Vec::new(), Vec::new());
        for &id in &order {
            let mut after = Vec::new();
            let tried = trace
                .tried_for
                .get(&id)
                .and_then(|run| trace.tried.get(run));
            for (&(earlier, option), &run) in tried.into_iter().flatten() {
                let is_asked = trace.runs[run].iter().any(|r| r.0 == id);
                if !is_asked && place[&earlier] < place[&id] {
                    after.push((place[&earlier], option));
                }
            }
            after.sort_unstable();
            let found = &trace.decisions[id];
            let mut decision = Decision::new(&found.name, &kinds[id], &found.options);
            let others: Vec<usize> = (1..found.options.len()).collect();
            let masks = after.iter().filter(|_| !others.is_empty());
            decision.masks = masks
                .map(|&(when, chose)| Mask {
                    when,
                    chose,
                    forbids: others.clone(),
                })
                .collect();
            decisions.push(decision);
            unasked_after.push(after);
        }
        Ok(Self {
            schema: Schema::new(decisions)?,
            unasked_after,
        })
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Tells whether the network of these choices asks decision `at`.
    pub(super) fn is_asked(&self, at: usize, choices: &[usize]) -> bool {
        self.cause(at, choices).is_none()
    }

    /// The earlier choice that leaves decision `at` unasked.
    fn cause(&self, at: usize, choices: &[usize]) -> Option<(usize, usize)> {
        let mut after = self.unasked_after[at].iter().copied();
        after.find(|&(earlier, option)| choices.get(earlier) == Some(&option))
    }

    /// The decisions that the network of these choices asks, with the options chosen.
    pub(super) fn asked<'a>(
        &'a self,
        choices: &'a Choices,
    ) -> impl Iterator<Item = (&'a Decision, usize)> {
        let all = self
            .schema
            .decisions()
            .iter()
            .zip(choices.iter())
            .enumerate();
        all.filter(|(at, _)| self.is_asked(*at, choices))
            .map(|(_, (decision, &option))| (decision, option))
    }

    /// The same by name.
    pub(super) fn given(&self, choices: &Choices) -> BTreeMap<String, usize> {
        let named = self
            .asked(choices)
            .map(|(d, option)| (d.label.clone(), option));
        named.collect()
    }

    /// Checks that every run asked what these conditions say.
    pub(super) fn explain_all(&self, trace: &Trace) -> Result<()> {
        let decisions = self.schema.decisions();
        let place: BTreeMap<&str, usize> = (0..)
            .zip(decisions)
            .map(|(at, d)| (d.label.as_str(), at))
            .collect();
        for (at, run) in trace.runs.iter().enumerate() {
            let mut choices = vec![0; decisions.len()];
            let mut asked = vec![None; decisions.len()];
            for &(id, option) in run {
                let place = place[trace.decisions[id].name.as_str()];
                choices[place] = option;
                asked[place] = Some(id);
            }
            for (place, decision) in decisions.iter().enumerate() {
                if asked[place].is_some() == self.is_asked(place, &choices) {
                    continue;
                }
                let is_asked = asked[place].is_some();
                let other = (trace.runs.iter()).position(|r| {
                    r.iter()
                        .any(|a| trace.decisions[a.0].name == decision.label)
                        != is_asked
                });
                let (here, there) = (
                    trace.genotype(at),
                    other.map_or_else(String::new, |o| trace.genotype(o)),
                );
                let (with, without) = if is_asked {
                    (here, there)
                } else {
                    (there, here)
                };
                return Err(Error::invalid(
                    format!("decision `{}`", decision.label),
                    format!(
                        "asked for `{with}` and not for `{without}`, which no earlier choice \
                        decides by itself,"
                    ),
                    "ask it in every network, or under single earlier choices",
                ));
            }
        }
        Ok(())
    }

    /// The error for a build that asked other decisions than those of its choices.
    pub(super) fn unexpected(&self, choices: &Choices, asked: &[Asked]) -> Error {
        let mut expected = self.asked(choices);
        let mut built = asked.iter();
        loop {
            let (name, problem) = match (expected.next(), built.next()) {
                (Some((d, o)), Some(a))
                    if d.label == a.name && d.options == a.options && o == a.chosen =>
                {
                    continue;
                }
                (Some((d, _)), Some(a)) if d.label == a.name => (
                    &a.name,
                    format!("{} and at first {}", listed(&a.options), listed(&d.options)),
                ),
                (Some((d, _)), None) => (&d.label, "not asked, as it was at first,".to_owned()),
                (_, Some(a)) => (&a.name, "asked here, and not at first,".to_owned()),
                (None, None) => {
                    return Error::invalid(
                        "decisions",
                        "another order",
                        "the same is asked every time",
                    );
                }
            };
            return Error::invalid(
                format!("decision `{name}` of `{}`", genotype(asked)),
                problem,
                "the same choices ask the same decisions with the same options, and whether one is \
                 asked follows from single earlier choices",
            );
        }
    }
}

/// The kind of each decision: its name without the numbers at the end of its parts, where all of that
/// name have the same options.
fn kinds<'a>(trace: &'a Trace) -> Vec<String> {
    let stem = |name: &str| {
        let parts = name
            .split('.')
            .map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()));
        parts.collect::<Vec<_>>().join(".")
    };
    let mut options: BTreeMap<String, BTreeSet<&[String]>> = BTreeMap::new();
    for found in &trace.decisions {
        options
            .entry(stem(&found.name))
            .or_default()
            .insert(&found.options);
    }
    // Lists that differ are kinds apart, called after the first decision of each.
    let mut first: BTreeMap<(String, &[String]), &str> = BTreeMap::new();
    let kind = |found: &'a Found| {
        let (name, stem) = (found.name.as_str(), stem(&found.name));
        let key = (stem.clone(), found.options.as_slice());
        let first = *first.entry(key).or_insert(name);
        let is_shared = options.get(&stem).is_some_and(|lists| lists.len() == 1);
        if is_shared && !stem.is_empty() {
            stem
        } else {
            first.to_owned()
        }
    };
    trace.decisions.iter().map(kind).collect()
}
