//! Canonical forms: of all genotypes of one network, the first.
//!
//! Both inputs of a block are summed, and both sides of a layer, so their order makes no other
//! network; nor do nodes that only `none` reads, a skip in place of what it skips, or an operation
//! in another of the sums that form the output. `docs/decisions/0020-equal-networks.md` has the
//! reasons and figures.
//!
//! | file | holds |
//! |---|---|
//! | `terms.rs` | what a cell computes, without numbers of nodes |
//! | `search.rs` | the first cell that computes it |

mod search;
mod terms;

use super::genotype::{Cell, Genotype, Layer};
use terms::Terms;

impl Genotype {
    /// The canonical form in a space whose separable convolutions repeat `repeats` times.
    pub(super) fn canonical(&self, repeats: usize) -> Self {
        let wiring = (self.wiring.iter())
            .map(|&[a, b]| [a.min(b), a.max(b)])
            .collect();
        Self {
            cell: self.cell.canonical(repeats),
            wiring,
        }
    }

    /// The choices of this genotype in sampling order.
    pub(super) fn to_choices(&self) -> Vec<usize> {
        let mut choices: Vec<usize> = self.wiring.iter().flatten().copied().collect();
        choices.push(self.cell.op.number());
        for layer in &self.cell.layers {
            choices.extend(layer.positions);
            choices.extend(layer.ops.map(|op| op.number()));
        }
        choices
    }
}

impl Cell {
    fn canonical(&self, repeats: usize) -> Self {
        let terms = Terms::of(self, repeats);
        search::first(&terms, self.layers.len()).unwrap_or_else(|| self.sorted())
    }

    /// The cell with the sides of every layer in order, by what they read, then by operation.
    fn sorted(&self) -> Self {
        // The present number of each node of this cell.
        let mut now = vec![0, 1];
        let layers = (self.layers.iter())
            .map(|layer| {
                let mut sides = [0, 1].map(|side| {
                    let position = now[layer.positions[side]];
                    (position, layer.ops[side].number(), side)
                });
                sides.sort_unstable();
                let first = now.len();
                let swapped = sides[0].2;
                now.extend([first + swapped, first + 1 - swapped, first + 2]);
                Layer {
                    positions: sides.map(|(position, ..)| position),
                    ops: sides.map(|(_, _, side)| layer.ops[side]),
                }
            })
            .collect();
        Self {
            op: self.op,
            layers,
        }
    }
}
