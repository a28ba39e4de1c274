//! Transformed filters, panel by panel.

use pulp::{Simd, WithSimd};

use super::transform::{POSITIONS, SPAN, filter};
use crate::conv::pack::{Packed, Panel};
use crate::conv::scratch::Scratch;
use crate::simd::{dispatch, load, store};

/// `G g Gᵀ` of all pairs of channels: for each panel (position, source channel, destination channel
/// padded to the panel).
pub(in crate::conv) struct Filters {
    /// Source channels.
    pub(super) depth: usize,
    pub(super) panels: Vec<Panel>,
    lanes: usize,
    values: Scratch,
}

impl Filters {
    /// The transforms of `packed`, of 3x3 taps; `turned` by 180 degrees where the input gradient
    /// wants them, `lasting` where they outlive the call.
    pub(super) fn new(packed: &Packed, lanes: usize, turned: bool, lasting: bool) -> Self {
        let vectors: usize = packed.panels.iter().map(|panel| panel.vectors).sum();
        let len = POSITIONS * packed.depth * vectors * lanes;
        let mut values = if lasting {
            Scratch::lasting(len)
        } else {
            Scratch::new(len)
        };
        dispatch(Transform {
            packed,
            turned,
            values: values.values_mut(),
        });
        Self {
            depth: packed.depth,
            panels: packed.panels.clone(),
            lanes,
            values,
        }
    }

    /// The rows of one position in a panel.
    #[inline(always)]
    pub(super) fn rows(&self, panel: Panel, position: usize) -> &[f32] {
        let width = panel.vectors * self.lanes;
        let start = POSITIONS * self.depth * panel.column + position * self.depth * width;
        &self.values.values()[start..start + self.depth * width]
    }
}

struct Transform<'a> {
    packed: &'a Packed,
    turned: bool,
    values: &'a mut [f32],
}

impl WithSimd for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let depth = self.packed.depth;
        for &panel in &self.packed.panels {
            let width = panel.vectors * S::F32_LANES;
            let values = &mut self.values[POSITIONS * depth * panel.column..];
            let mut half = [[simd.splat_f32s(0.0); 3]; SPAN];
            for k in 0..depth {
                let taps: [&[f32]; 9] = std::array::from_fn(|tap| {
                    let tap = if self.turned { 8 - tap } else { tap };
                    &self.packed.rows(panel, tap, k)[..width]
                });
                for at in (0..width).step_by(S::F32_LANES) {
                    for (row, taps) in taps.chunks_exact(3).enumerate() {
                        let [a, b, c] = [0, 1, 2].map(|column| load(simd, &taps[column][at..]));
                        for (half, value) in half.iter_mut().zip(filter(simd, [a, b, c])) {
                            half[row] = value;
                        }
                    }
                    let positions = values.chunks_exact_mut(SPAN * depth * width);
                    for (&column, values) in half.iter().zip(positions) {
                        let column = filter(simd, column).into_iter();
                        for (value, values) in column.zip(values.chunks_exact_mut(depth * width)) {
                            store(simd, &mut values[k * width + at..], value);
                        }
                    }
                }
            }
        }
    }
}
