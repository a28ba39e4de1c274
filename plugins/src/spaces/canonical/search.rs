//! The first cell that computes given terms.

use super::terms::{Sum, Terms, added, is_zero, one};
use crate::spaces::genotype::{Cell, Layer};
use crate::spaces::operation::Operation;

/// Maximum number of cells begun before the search gives up, tenths of a second. Cells of three
/// layers came to half of it at most.
const MAX_BEGUN: usize = 50_000;

/// One operation of a cell: the node it reads, and its number.
type Slot = (usize, usize);

/// Finds the first cell of so many layers, operation by operation, that computes the terms and has
/// no operation besides. `None` when there are too many to look at; the order of terms has no
/// part in that, so equal cells give up together.
pub(super) fn first(terms: &Terms, layers: usize) -> Option<Cell> {
    let count = terms.list.len();
    let mut search = Search {
        terms,
        slots: 1 + 2 * layers,
        begun: 0,
    };
    let slots = search.rest(&Begun {
        nodes: vec![one(0, 1 + count)],
        is_picked: vec![false],
        is_placed: vec![false; count],
        slot: 0,
        side: None,
    })?;
    if search.begun > MAX_BEGUN {
        return None;
    }
    let operation = |(_, number): Slot| Operation::ALL[number];
    // The search collects slots from the last one on.
    let mut slots = slots.into_iter().rev();
    let op = operation(slots.next()?);
    let slots: Vec<Slot> = slots.collect();
    let layers = (slots.chunks_exact(2)).map(|sides| Layer {
        positions: [sides[0].0, sides[1].0],
        ops: [operation(sides[0]), operation(sides[1])],
    });
    Some(Cell {
        op,
        layers: layers.collect(),
    })
}

struct Search<'a> {
    terms: &'a Terms,
    slots: usize,
    begun: usize,
}

/// A cell as far as it is built.
#[derive(Clone)]
struct Begun {
    nodes: Vec<Sum>,
    is_picked: Vec<bool>,
    is_placed: Vec<bool>,
    slot: usize,
    /// The first side of a layer, before the second one is there.
    side: Option<(Slot, Sum)>,
}

/// A next operation, and the term that it computes, if any.
type Step = (Slot, Option<usize>);

impl Search<'_> {
    /// The least remaining slots, last one first; `None` if nothing leads to the terms.
    fn rest(&mut self, begun: &Begun) -> Option<Vec<Slot>> {
        self.begun += 1;
        if self.begun > MAX_BEGUN {
            return None;
        }
        if begun.slot == self.slots {
            return (begun.output() == self.terms.output).then(Vec::new);
        }
        let mut steps = self.steps(begun);
        steps.sort_unstable();
        for steps in steps.chunk_by(|a, b| a.0 == b.0) {
            // Which of two terms alike comes first shows only later.
            let rests = steps
                .iter()
                .filter_map(|&step| self.rest(&begun.with(step)));
            let least = rests.min_by(|a, b| a.iter().rev().cmp(b.iter().rev()));
            if let Some(mut least) = least {
                least.push(steps[0].0);
                return Some(least);
            }
        }
        None
    }

    /// The operations that may come next; of those that are the same, the first.
    fn steps(&self, begun: &Begun) -> Vec<Step> {
        let unplaced: Vec<usize> = (0..self.terms.list.len())
            .filter(|&term| !begun.is_placed[term])
            .collect();
        let Some(free) = (self.slots - begun.slot).checked_sub(unplaced.len()) else {
            return Vec::new();
        };
        if begun.side.is_none() && self.needed(begun, &unplaced) > free {
            return Vec::new();
        }
        let positions = if begun.slot == 0 {
            1
        } else {
            begun.nodes.len()
        };
        let mut steps = Vec::new();
        for at in 0..positions {
            let sum = &begun.nodes[at];
            let is_same = |other: usize| !begun.is_collected(other) && begun.nodes[other] == *sum;
            if begun.is_collected(at) || !(0..at).any(is_same) {
                let fits = |&&term: &&usize| self.terms.list[term].reads == *sum;
                for &term in unplaced.iter().filter(fits) {
                    let is_twin =
                        |&other: &usize| other < term && self.terms.are_twins(other, term);
                    if !unplaced.iter().any(is_twin) {
                        steps.push(((at, self.terms.list[term].op.number()), Some(term)));
                    }
                }
                if free > 0 && !is_zero(sum) {
                    steps.push(((at, Operation::Skip.number()), None));
                }
            }
            if free > 0 && (begun.is_collected(at) || at == 0) {
                steps.push(((at, Operation::None.number()), None));
            }
        }
        if let Some((first, _)) = &begun.side {
            steps.retain(|(slot, _)| slot >= first);
        }
        steps
    }

    /// A number of skips and `none` that every way on from a whole layer to the terms needs.
    fn needed(&self, begun: &Begun, unplaced: &[usize]) -> usize {
        let terms = &self.terms.list;
        // What an unplaced term reads and no node is yet, is a sum still to come. Each sum that it
        // is built from and each present node in it are read by a skip; new operations are not.
        let mut sums: Vec<&Sum> = (unplaced.iter())
            .map(|&term| &terms[term].reads)
            .filter(|sum| !begun.nodes.contains(sum))
            .collect();
        sums.sort_unstable();
        sums.dedup();
        let skips = |sum: &&Sum| {
            let new = unplaced.iter().filter(|&&term| sum[1 + term] > 0).count();
            let has_present = (0..sum.len()).any(|at| sum[at] > 0 && begun.is_present(at));
            match (has_present, new) {
                (true, 0) => 2,
                (true, new) => new,
                (false, new) => new.saturating_sub(2),
            }
        };
        let most = sums.iter().map(skips).max().unwrap_or(0);
        let with_skips = sums.iter().filter(|sum| skips(sum) > 0).count();
        // A node that is collected, should not be, and is read by no term.
        let output = &self.terms.output;
        let exceeds = |sum: &Sum| sum.iter().zip(output).any(|(n, most)| n > most);
        let is_read = |sum: &Sum| unplaced.iter().any(|&term| terms[term].reads == *sum);
        let picks = (0..begun.nodes.len())
            .filter(|&node| begun.is_collected(node))
            .filter(|&node| exceeds(&begun.nodes[node]) && !is_read(&begun.nodes[node]))
            .count();
        // What the output lacks is not in a new operation.
        let collected = begun.output();
        let is_lacking =
            (0..output.len()).any(|at| begun.is_present(at) && collected[at] < output[at]);
        most.max(with_skips).max(picks).max(is_lacking.into())
    }
}

impl Begun {
    /// Tells whether a node is in the output as long as nothing reads it.
    fn is_collected(&self, node: usize) -> bool {
        node % 3 == 1 && !self.is_picked[node]
    }

    /// Tells whether an entry of a sum is the cell's input or a term that is placed.
    fn is_present(&self, entry: usize) -> bool {
        entry.checked_sub(1).is_none_or(|term| self.is_placed[term])
    }

    /// The sum of what is collected.
    fn output(&self) -> Sum {
        let collected = (0..self.nodes.len()).filter(|&node| self.is_collected(node));
        collected.fold(vec![0; self.nodes[0].len()], |sum, node| {
            added(&sum, &self.nodes[node])
        })
    }

    /// The cell with one more operation.
    fn with(&self, (slot, term): Step) -> Self {
        let mut next = self.clone();
        let len = self.nodes[0].len();
        let sum = match term {
            Some(term) => {
                next.is_placed[term] = true;
                one(1 + term, len)
            }
            None if slot.1 == Operation::Skip.number() => self.nodes[slot.0].clone(),
            None => vec![0; len],
        };
        next.is_picked[slot.0] = true;
        next.slot += 1;
        let made = match next.side.take() {
            _ if self.slot == 0 => vec![sum],
            Some((_, first)) => {
                let both = added(&first, &sum);
                vec![first, sum, both]
            }
            None => {
                next.side = Some((slot, sum));
                Vec::new()
            }
        };
        next.nodes.extend(made);
        next.is_picked.resize(next.nodes.len(), false);
        next
    }
}
