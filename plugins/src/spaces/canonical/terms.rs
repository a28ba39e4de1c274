//! What a cell computes, without numbers of nodes.

use crate::spaces::genotype::Cell;
use crate::spaces::operation::Operation;

/// How often each term is in the value of a node: the cell's input first, then the operations.
pub(super) type Sum = Vec<u32>;

/// An operation with weights, on whose result the output depends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) op: Operation,
    pub(super) reads: Sum,
}

/// A cell as the sum that it returns, and the sums that its operations read.
///
/// Skips are what they skip and `none` is nothing, so every node is such a sum, and two cells are
/// one network when their terms are equal in some order.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) list: Vec<Term>,
    pub(super) output: Sum,
}

impl Terms {
    /// The terms of a cell whose separable convolutions repeat `repeats` times.
    pub(super) fn of(cell: &Cell, repeats: usize) -> Self {
        let operations = 1 + 2 * cell.layers.len();
        let mut list: Vec<Term> = Vec::new();
        let mut node = |op: Operation, from: &Sum| match op {
            Operation::Skip => from.clone(),
            Operation::None => vec![0; from.len()],
            _ => {
                let op = on(op, from, repeats);
                let reads = from.clone();
                list.push(Term { op, reads });
                one(list.len(), from.len())
            }
        };
        let x = one(0, 1 + operations);
        let first = node(cell.op, &x);
        let mut nodes = vec![x, first];
        for layer in &cell.layers {
            let sides = [0, 1].map(|side| node(layer.ops[side], &nodes[layer.positions[side]]));
            let sum = added(&sides[0], &sides[1]);
            nodes.extend(sides);
            nodes.push(sum);
        }
        let output = (cell.collected().into_iter())
            .fold(vec![0; 1 + operations], |sum, at| added(&sum, &nodes[at]));
        Self { list, output }.live()
    }

    /// Leaves out the terms that the output does not depend on.
    fn live(self) -> Self {
        let mut is_live = vec![false; self.list.len()];
        let mark = |is_live: &mut Vec<bool>, sum: &Sum| {
            for (term, _) in sum[1..].iter().enumerate().filter(|(_, n)| **n > 0) {
                is_live[term] = true;
            }
        };
        mark(&mut is_live, &self.output);
        // A term reads earlier ones only.
        for term in (0..self.list.len()).rev() {
            if is_live[term] {
                mark(&mut is_live, &self.list[term].reads);
            }
        }
        let live = |sum: &Sum| -> Sum {
            let terms = sum[1..].iter().zip(&is_live).filter(|(_, is)| **is);
            sum[..1]
                .iter()
                .chain(terms.map(|(n, _)| n))
                .copied()
                .collect()
        };
        let list = self.list.iter().zip(&is_live).filter(|(_, is)| **is);
        Self {
            list: list
                .map(|(term, _)| Term {
                    op: term.op,
                    reads: live(&term.reads),
                })
                .collect(),
            output: live(&self.output),
        }
    }

    /// Tells whether exchanging two terms changes nothing: they are alike and always read together.
    pub(super) fn are_twins(&self, one: usize, other: usize) -> bool {
        let reads = self.list.iter().map(|term| &term.reads);
        self.list[one] == self.list[other]
            && (reads.chain([&self.output])).all(|sum| sum[1 + one] == sum[1 + other])
    }
}

/// The operation that `op` is on `from`: convolutions of zeros are zeros, so a normalised one is
/// the learned shift, whatever the kernel.
fn on(op: Operation, from: &Sum, repeats: usize) -> Operation {
    let is_shift = match op {
        Operation::Conv { .. } => true,
        Operation::Separable { .. } => repeats == 1,
        _ => false,
    };
    if is_shift && is_zero(from) {
        Operation::ALL[0]
    } else {
        op
    }
}

pub(super) fn is_zero(sum: &Sum) -> bool {
    sum.iter().all(|&n| n == 0)
}

/// The sum of entry `at` alone.
pub(super) fn one(at: usize, len: usize) -> Sum {
    (0..len).map(|entry| u32::from(entry == at)).collect()
}

pub(super) fn added(a: &Sum, b: &Sum) -> Sum {
    // At most doubled by each of eight layers.
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}
