//! Architectures of the encoder-decoder space as data.

use nasfw_sdk::Schema;

use super::operation::Operation;

/// Number of encoder outputs, from which the decoder starts.
pub(super) const ENCODER_MAPS: usize = 4;

/// One layer of a cell: two operations and their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// The nodes that the two operations read.
    pub positions: [usize; 2],
    /// The two operations.
    pub ops: [Operation; 2],
}

/// A cell: node 0 is its input, node 1 the first operation on it, and layer i = 1, 2, … adds node
/// 3i−1 (first operation), 3i (second operation) and 3i+1 (their sum).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// The operation on the input.
    pub op: Operation,
    /// The layers in order.
    pub layers: Vec<Layer>,
}

impl Cell {
    /// The nodes whose sum is the cell's output: the first operation and the layers' sums, as far
    /// as no layer reads them. Never empty, because nothing reads the last sum.
    pub fn collected(&self) -> Vec<usize> {
        let is_read = |node: usize| self.layers.iter().any(|l| l.positions.contains(&node));
        (0..=self.layers.len())
            .map(|layer| 3 * layer + 1)
            .filter(|&node| !is_read(node))
            .collect()
    }
}

/// One architecture: the cell that every block uses, and the wiring of blocks.
///
/// Maps are numbered: 0 to 3 are the encoder's, fine to coarse, and block b makes map 4 + b.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Genotype {
    /// The cell.
    pub cell: Cell,
    /// The two maps that each block reads.
    pub wiring: Vec<[usize; 2]>,
}

impl Genotype {
    /// Reads choices in sampling order: wiring, first operation, then positions and operations of
    /// each layer. `None` unless they are valid choices of `schema` for this many blocks.
    pub(super) fn from_choices(choices: &[usize], schema: &Schema, blocks: usize) -> Option<Self> {
        // Choices of another schema may have the right length and still not fit.
        schema.choices(choices).ok()?;
        let (wiring, cell) = choices.split_at_checked(2 * blocks)?;
        let (&op, layers) = cell.split_first()?;
        let operation = |number: usize| Operation::ALL.get(number).copied();
        let layers = (layers.chunks(4))
            .map(|layer| match *layer {
                [p1, p2, o1, o2] => Some(Layer {
                    positions: [p1, p2],
                    ops: [operation(o1)?, operation(o2)?],
                }),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            cell: Cell {
                op: operation(op)?,
                layers,
            },
            wiring: wiring.chunks_exact(2).map(|w| [w[0], w[1]]).collect(),
        })
    }

    /// The block outputs that no block reads, which form the output. Never empty, because nothing
    /// reads the last block.
    pub fn loose_ends(&self) -> Vec<usize> {
        (0..self.wiring.len())
            .map(|block| ENCODER_MAPS + block)
            .filter(|map| !self.wiring.iter().any(|inputs| inputs.contains(map)))
            .collect()
    }
}
