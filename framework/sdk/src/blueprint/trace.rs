//! Builds under many choices, and what they asked.

use std::collections::{BTreeMap, BTreeSet};

use super::pick::{Asked, Pick};
use super::{Blueprint, Net};
use crate::choices::{Choices, Schema};
use crate::error::{Error, Result};
use crate::graph::{Graph, IoChannels};
use crate::seed::Seed;

use super::conditions::Conditions;

/// Networks of any channels ask the same decisions.
pub(super) const IO: IoChannels = IoChannels {
    input_channels: 3,
    output_channels: 1,
};
/// The most builds of one tracing, and the most options of all their decisions: some seconds.
const MAX_BUILDS: usize = 20_000;
const MAX_OPTIONS: usize = 20_000_000;
/// Spaces of at most so many sequences are built completely; of others, so many samples.
const MAX_COMPLETE: f64 = 2000.0;
const SAMPLES: usize = 500;

/// A decision by its place in the order of discovery.
pub(super) type DecisionId = usize;

/// Decisions that one build asked for, in order, with the options chosen.
pub(super) type Run = Vec<(DecisionId, usize)>;

/// A decision of some build.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) options: Vec<String>,
    /// The first build that asked it, for messages.
    pub(super) by: String,
}

/// All builds so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) decisions: Vec<Found>,
    ids: BTreeMap<String, DecisionId>,
    pub(super) runs: Vec<Run>,
    builds: usize,
    options: usize,
    /// Runs by their choices.
    known: BTreeMap<BTreeMap<DecisionId, usize>, usize>,
    /// For each decision a run that asks it, from which every other option was tried for every
    /// decision: by decision and option, the run that resulted.
    pub(super) tried: BTreeMap<usize, BTreeMap<(DecisionId, usize), usize>>,
    pub(super) tried_for: BTreeMap<DecisionId, usize>,
    /// The encoder of all networks, and the first build.
    encoder: Option<(Option<Graph>, String)>,
}

/// One build: what it asked, and the network.
pub(super) fn build(
    of: &impl Blueprint,
    given: BTreeMap<String, usize>,
    io: &IoChannels,
) -> Result<(Vec<Asked>, Graph)> {
    let (mut pick, mut net) = (Pick::new(given), Net::new(*io));
    of.build(&mut pick, &mut net)?;
    Ok((pick.into_asked(), net.finish()?))
}

/// Asked decisions as a genotype, for messages.
pub(super) fn genotype(asked: &[Asked]) -> String {
    let parts = asked
        .iter()
        .map(|a| format!("{}={}", a.name, a.options[a.chosen]));
    parts.collect::<Vec<_>>().join(",")
}

/// Finds the decisions of a blueprint and the conditions under which they are asked.
///
/// # Errors
/// Names the decision that breaks a rule, and two networks that show it.
pub(super) fn trace(of: &impl Blueprint) -> Result<Conditions> {
    let mut trace = Trace::default();
    trace.run(of, BTreeMap::new())?;
    loop {
        trace.try_options(of)?;
        let conditions = Conditions::of(&trace)?;
        let known = trace.decisions.len();
        for values in sequences(conditions.schema())? {
            trace.run(of, conditions.given(&values))?;
        }
        if trace.decisions.len() == known {
            conditions.explain_all(&trace)?;
            return Ok(conditions);
        }
    }
}

impl Trace {
    /// Builds with the given options, keeps what was asked, and returns the number of the run.
    fn run(&mut self, of: &impl Blueprint, given: BTreeMap<String, usize>) -> Result<usize> {
        if self.builds >= MAX_BUILDS || self.options >= MAX_OPTIONS {
            return Err(Error::invalid(
                "search space",
                format!("one that is not traced after {} builds", self.builds),
                "ask fewer decisions that depend on others, or give them fewer options",
            ));
        }
        let (asked, graph) = build(of, given, &IO)?;
        self.builds += 1;
        self.options += asked.iter().map(|a| a.options.len()).sum::<usize>();
        let text = genotype(&asked);
        let encoder = graph.encoder()?;
        match &self.encoder {
            Some((first, by)) if *first != encoder => {
                return Err(Error::Config {
                    item: "encoder".into(),
                    message: format!(
                        "`{by}` and `{text}` have different encoders, or read different maps of it; pick \
                         nothing in `net.encoder`, and read each map in every network: resize or project \
                         it first, and pick whether to add the result"
                    ),
                });
            }
            Some(_) => {}
            None => self.encoder = Some((encoder, text.clone())),
        }
        let mut run = Run::new();
        for Asked {
            name,
            options,
            chosen,
        } in asked
        {
            run.push((self.decision(name, options, &text)?, chosen));
        }
        let choices: BTreeMap<DecisionId, usize> = run.iter().copied().collect();
        if let Some(&known) = self.known.get(&choices) {
            if self.runs[known] == run {
                return Ok(known);
            }
            return Err(Error::invalid(
                "search space",
                format!("one that asks in another order when it builds `{text}` again"),
                "the same choices ask the same decisions in the same order",
            ));
        }
        self.runs.push(run);
        self.known.insert(choices, self.runs.len() - 1);
        Ok(self.runs.len() - 1)
    }

    fn decision(&mut self, name: String, options: Vec<String>, by: &str) -> Result<DecisionId> {
        if let Some(&id) = self.ids.get(&name) {
            let found = &self.decisions[id];
            if found.options == options {
                return Ok(id);
            }
            return Err(Error::invalid(
                format!("decision `{name}`"),
                format!(
                    "{} for `{}`, but {} for `{by}`",
                    listed(&found.options),
                    found.by,
                    listed(&options)
                ),
                "its options are the same in all networks; lists that differ need names that \
                 differ, e.g. with their length",
            ));
        }
        let id = self.decisions.len();
        self.ids.insert(name.clone(), id);
        let by = by.to_owned();
        self.decisions.push(Found { name, options, by });
        Ok(id)
    }

    /// Tries every option of every decision, from some run that asks it. Each decision that is new
    /// then is tried, too.
    fn try_options(&mut self, of: &impl Blueprint) -> Result<()> {
        let is_new =
            |trace: &Self, run: &Run| run.iter().any(|(id, _)| !trace.tried_for.contains_key(id));
        // The longest run first: it asks most of what is new.
        while let Some(from) = (0..self.runs.len())
            .filter(|&r| is_new(self, &self.runs[r]))
            .max_by_key(|&r| (self.runs[r].len(), std::cmp::Reverse(r)))
        {
            let run = self.runs[from].clone();
            let mut tried = BTreeMap::new();
            for &(id, chosen) in &run {
                self.tried_for.entry(id).or_insert(from);
                for option in (0..self.decisions[id].options.len()).filter(|&o| o != chosen) {
                    let mut given = self.given(&run);
                    given.insert(self.decisions[id].name.clone(), option);
                    tried.insert((id, option), self.run(of, given)?);
                }
            }
            self.tried.insert(from, tried);
        }
        Ok(())
    }

    fn given(&self, run: &Run) -> BTreeMap<String, usize> {
        let named = run
            .iter()
            .map(|&(id, o)| (self.decisions[id].name.clone(), o));
        named.collect()
    }

    /// A run as a genotype, for messages.
    pub(super) fn genotype(&self, run: usize) -> String {
        let parts = self.runs[run].iter().map(|&(id, option)| {
            let Found { name, options, .. } = &self.decisions[id];
            format!("{name}={}", options[option])
        });
        parts.collect::<Vec<_>>().join(",")
    }

    /// The decisions in an order in which every run asks them.
    pub(super) fn order(&self) -> Result<Vec<DecisionId>> {
        let mut before: BTreeMap<DecisionId, BTreeSet<DecisionId>> = BTreeMap::new();
        for pair in self.runs.iter().flat_map(|run| run.windows(2)) {
            before.entry(pair[1].0).or_default().insert(pair[0].0);
        }
        let mut order = Vec::new();
        let mut left: BTreeSet<DecisionId> = (0..self.decisions.len()).collect();
        while !left.is_empty() {
            let is_free = |id: &&DecisionId| {
                before
                    .get(id)
                    .is_none_or(|all| all.iter().all(|b| !left.contains(b)))
            };
            let Some(&next) = left.iter().find(is_free) else {
                return Err(self.order_broken(&left));
            };
            left.remove(&next);
            order.push(next);
        }
        Ok(order)
    }

    /// The error for decisions that some runs ask in one order and some in another.
    fn order_broken(&self, among: &BTreeSet<DecisionId>) -> Error {
        let mut seen: BTreeMap<(DecisionId, DecisionId), usize> = BTreeMap::new();
        for (at, run) in self.runs.iter().enumerate() {
            let ids: Vec<DecisionId> = run
                .iter()
                .map(|r| r.0)
                .filter(|id| among.contains(id))
                .collect();
            for (i, &first) in ids.iter().enumerate() {
                for &second in &ids[i + 1..] {
                    if let Some(&other) = seen.get(&(second, first)) {
                        return Error::invalid(
                            format!("decision `{}`", self.decisions[second].name),
                            format!(
                                "before `{}` in `{}`, but after it in `{}`",
                                self.decisions[first].name,
                                self.genotype(other),
                                self.genotype(at)
                            ),
                            "all networks ask decisions in one order",
                        );
                    }
                    seen.insert((first, second), at);
                }
            }
        }
        let names: Vec<&str> = among
            .iter()
            .map(|&id| self.decisions[id].name.as_str())
            .collect();
        Error::invalid(
            "decisions",
            names.join(", "),
            "all networks ask decisions in one order",
        )
    }
}

/// All sequences of a small schema, or a fixed sample of those of a large one.
fn sequences(schema: &Schema) -> Result<Vec<Choices>> {
    let mut all = Vec::new();
    if schema.sequences() <= MAX_COMPLETE {
        let arities = schema.arities();
        for at in 0..arities.iter().product() {
            let mut rest: usize = at;
            let values: Vec<usize> = (arities.iter())
                .map(|&arity| {
                    let value = rest % arity;
                    rest /= arity;
                    value
                })
                .collect();
            // Those that masks rule out are no sequences.
            all.extend(schema.choices(values));
        }
        return Ok(all);
    }
    let mut rng = Seed(0).stream("blueprint");
    for _ in 0..SAMPLES {
        all.push(schema.draw(&mut rng, |_, _| 1.0)?);
    }
    Ok(all)
}

/// Options in a message, the first few.
pub(super) fn listed(options: &[String]) -> String {
    const FEW: usize = 12;
    let mut text = options[..options.len().min(FEW)].join(", ");
    if options.len() > FEW {
        text.push_str(&format!(", … ({} options)", options.len()));
    }
    format!("[{text}]")
}
