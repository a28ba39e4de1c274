//! Weights rearranged for the dense kernels: one panel of output columns after the other, padded to
//! whole vectors.

use std::ops::Range;

use super::shape::Conv;
use crate::simd::Registers;

/// A block of output columns as wide as a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Panel {
    /// Its first column.
    pub(super) column: usize,
    /// Its width in vectors, at most `Registers::vectors`.
    pub(super) vectors: usize,
}

/// Cuts `columns` into panels of nearly equal width: 4 vectors become 2 + 2, as a tile of one
/// vector keeps few sums in flight.
pub(super) fn panels(columns: usize, registers: Registers) -> Vec<Panel> {
    let vectors = columns.div_ceil(registers.lanes);
    let count = vectors.div_ceil(registers.vectors);
    let mut panels = Vec::with_capacity(count);
    let mut at = 0;
    for index in 0..count {
        let width = (vectors - at).div_ceil(count - index);
        panels.push(Panel {
            column: at * registers.lanes,
            vectors: width,
        });
        at += width;
    }
    panels
}

/// The weights of one group as a matrix of (tap, source channel) rows and destination-channel
/// columns, panel by panel.
pub(super) struct Packed {
    /// Source channels: rows of one tap.
    pub(super) depth: usize,
    /// Destination channels.
    pub(super) columns: usize,
    /// The panels, in order of columns.
    pub(super) panels: Vec<Panel>,
    lanes: usize,
    rows: usize,
    data: Vec<f32>,
}

impl Packed {
    /// The weights as the forward pass reads them: from input channels to output channels of group
    /// `group`.
    pub(super) fn forward(conv: &Conv, weight: &[f32], group: usize, registers: Registers) -> Self {
        let (inputs, outputs) = (conv.group_inputs(), conv.group_outputs());
        Self::build(conv, inputs, outputs, registers, |tap, k, columns, row| {
            let at = (tap * inputs + k) * conv.out_channels + group * outputs;
            row.copy_from_slice(&weight[at + columns.start..at + columns.end]);
        })
    }

    /// The weights as the input gradient reads them: from output channels to input channels of
    /// group `group`.
    pub(super) fn transposed(
        conv: &Conv,
        weight: &[f32],
        group: usize,
        registers: Registers,
    ) -> Self {
        let (inputs, outputs) = (conv.group_inputs(), conv.group_outputs());
        Self::build(conv, outputs, inputs, registers, |tap, k, columns, row| {
            let at = (tap * inputs + columns.start) * conv.out_channels + group * outputs + k;
            let column = weight[at..].iter().step_by(conv.out_channels);
            row.iter_mut()
                .zip(column)
                .for_each(|(to, &from)| *to = from);
        })
    }

    /// Row `k` of tap `tap` and all rows after it, in panel `panel`; a row is the panel's width
    /// long.
    pub(super) fn rows(&self, panel: Panel, tap: usize, k: usize) -> &[f32] {
        let width = panel.vectors * self.lanes;
        let start = panel.column * self.rows + (tap * self.depth + k) * width;
        &self.data[start..]
    }

    /// `fill(tap, k, columns, row)` writes some columns of a row of the matrix.
    fn build(
        conv: &Conv,
        depth: usize,
        columns: usize,
        registers: Registers,
        fill: impl Fn(usize, usize, Range<usize>, &mut [f32]),
    ) -> Self {
        let taps = conv.kernel * conv.kernel;
        let lanes = registers.lanes;
        let panels = panels(columns, registers);
        let mut data = vec![0.0; taps * depth * columns.next_multiple_of(lanes)];
        let mut rest = data.as_mut_slice();
        for panel in &panels {
            let width = panel.vectors * lanes;
            let live = panel.column..(panel.column + width).min(columns);
            let (rows, after) = rest.split_at_mut(taps * depth * width);
            for (index, row) in rows.chunks_exact_mut(width).enumerate() {
                fill(
                    index / depth,
                    index % depth,
                    live.clone(),
                    &mut row[..live.len()],
                );
            }
            rest = after;
        }
        Self {
            depth,
            columns,
            panels,
            lanes,
            rows: taps * depth,
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_are_even_and_cover_the_columns() {
        let widths = |columns, lanes, vectors| -> Vec<usize> {
            let panels = panels(columns, Registers { lanes, vectors });
            let end = panels.last().map_or(0, |p| p.column + p.vectors * lanes);
            assert!(end >= columns && end < columns + lanes);
            panels.iter().map(|p| p.vectors).collect()
        };
        assert_eq!(widths(48, 8, 2), [2, 2, 2]);
        assert_eq!(widths(48, 16, 3), [3]);
        assert_eq!(widths(64, 16, 3), [2, 2]);
        assert_eq!(widths(50, 8, 3), [3, 2, 2]);
        assert_eq!(widths(1, 8, 2), [1]);
        assert_eq!(widths(0, 8, 2), []);
    }
}
