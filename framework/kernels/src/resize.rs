//! Bilinear resizing with the pixel centres of `align_corners = false`.
//!
//! Output pixel o of an axis reads position `(o + 0.5) * in / out - 0.5`, not below 0, between two
//! neighbours, as PyTorch's `F.interpolate(mode = "bilinear", align_corners = False)` does. The
//! backward pass gathers for each input pixel what the output pixels that read it send back, so no
//! two tasks write to the same place.

use pulp::{Simd, WithSimd};

use crate::output::Output;
use crate::parallel::{chunk_of, for_chunks};
use crate::shape::MapShape;
use crate::simd::{dispatch, read, write};

/// `y` (B, `out_hw`, C) = `x` (B, H, W, C) resized; `y` is overwritten.
///
/// # Panics
///
/// When a slice has the wrong length, or the output has pixels but the input none.
pub fn resize_forward<'a>(
    input: MapShape,
    out_hw: (usize, usize),
    x: &[f32],
    y: impl Into<Output<'a>>,
) {
    let y = y.into();
    let output = check(input, out_hw, x.len(), y.len());
    if output.is_empty() {
        return;
    }
    resize(input, output, 0, x, y);
}

/// Resizes a band of rows of one image: `y` is overwritten with whole rows of the result from
/// `first_row` on, as many as it has room for. For results too large to be held.
///
/// # Panics
///
/// When there is more than one image or the band is not whole rows of the result, and as
/// [`resize_forward`].
pub fn resize_rows(
    input: MapShape,
    out_hw: (usize, usize),
    first_row: usize,
    x: &[f32],
    y: &mut [f32],
) {
    let output = MapShape::new(input.batch, out_hw.0, out_hw.1, input.channels);
    let output = check(input, out_hw, x.len(), output.len());
    if y.is_empty() {
        return;
    }
    assert_eq!(input.batch, 1, "resize: bands are of one image");
    assert_eq!(y.len() % output.row_len(), 0, "resize: whole rows");
    let end = first_row + y.len() / output.row_len();
    assert!(end <= output.height, "resize: rows of the result");
    resize(input, output, first_row, x, y.into());
}

/// Writes rows of the result from `first_row` on into `y`.
fn resize(input: MapShape, output: MapShape, first_row: usize, x: &[f32], y: Output<'_>) {
    let rows = taps(input.height, output.height);
    let columns = taps(input.width, output.width);
    let work = 2 * y.len();
    for_chunks(y, chunk_of(output.row_len()), work, |offset, y| {
        dispatch(Gather {
            from: x,
            from_shape: input,
            rows: &rows,
            columns: &columns,
            first_row: first_row + offset / output.row_len(),
            add: false,
            to: y,
        });
    });
}

/// `dx += ` the gradient of [`resize_forward`]: its exact adjoint applied to `dy` (B, `out_hw`, C).
///
/// # Panics
///
/// As [`resize_forward`].
pub fn resize_backward<'a>(
    input: MapShape,
    out_hw: (usize, usize),
    dy: &[f32],
    dx: impl Into<Output<'a>>,
) {
    let dx = dx.into();
    let output = check(input, out_hw, dx.len(), dy.len());
    if output.is_empty() {
        return;
    }
    let rows = transposed(&taps(input.height, output.height), input.height);
    let columns = transposed(&taps(input.width, output.width), input.width);
    let work = 2 * dy.len();
    for_chunks(dx, chunk_of(input.row_len()), work, |offset, dx| {
        dispatch(Gather {
            from: dy,
            from_shape: output,
            rows: &rows,
            columns: &columns,
            first_row: offset / input.row_len(),
            add: true,
            to: dx,
        });
    });
}

fn check(input: MapShape, (height, width): (usize, usize), x: usize, y: usize) -> MapShape {
    let output = MapShape::new(input.batch, height, width, input.channels);
    assert_eq!(x, input.len(), "resize: length of the input map");
    assert_eq!(y, output.len(), "resize: length of the output map");
    assert!(
        output.is_empty() || !input.is_empty(),
        "resize: output pixels from an input without any"
    );
    output
}

/// A position that is read and its weight.
type Tap = (usize, f32);

/// The taps of each of `output` positions among `input` positions: one, or two neighbours.
fn taps(input: usize, output: usize) -> Vec<Vec<Tap>> {
    let scale = input as f32 / output as f32;
    let position = |o: usize| {
        if input == output {
            return vec![(o, 1.0)];
        }
        let at = ((o as f32 + 0.5) * scale - 0.5).max(0.0);
        let low = (at as usize).min(input - 1);
        let high = (low + 1).min(input - 1);
        let weight = at - low as f32;
        if low == high || weight == 0.0 {
            vec![(low, 1.0)]
        } else {
            vec![(low, 1.0 - weight), (high, weight)]
        }
    };
    (0..output).map(position).collect()
}

/// The taps turned round: for each of `input` positions, the output positions that read it.
fn transposed(taps: &[Vec<Tap>], input: usize) -> Vec<Vec<Tap>> {
    let mut back = vec![Vec::new(); input];
    for (o, taps) in taps.iter().enumerate() {
        for &(i, weight) in taps {
            back[i].push((o, weight));
        }
    }
    back
}

/// Whole rows of `to`, each pixel a weighted sum over `rows` × `columns` of `from`.
struct Gather<'a> {
    from: &'a [f32],
    from_shape: MapShape,
    rows: &'a [Vec<Tap>],
    columns: &'a [Vec<Tap>],
    first_row: usize,
    add: bool,
    to: &'a mut [f32],
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.from_shape.channels;
        let lanes = S::F32_LANES;
        let row_len = self.columns.len() * channels;
        for (index, to) in self.to.chunks_exact_mut(row_len).enumerate() {
            let row = self.first_row + index;
            let sums = Sums {
                from: self.from,
                shape: self.from_shape,
                image_row: row / self.rows.len() * self.from_shape.height,
                rows: &self.rows[row % self.rows.len()],
                add: self.add,
            };
            for (to, columns) in to.chunks_exact_mut(channels).zip(self.columns) {
                let mut at = 0;
                while at + 3 * lanes <= channels {
                    sums.pixel::<S, 3>(simd, columns, at, &mut to[at..at + 3 * lanes]);
                    at += 3 * lanes;
                }
                while at < channels {
                    let end = (at + lanes).min(channels);
                    sums.pixel::<S, 1>(simd, columns, at, &mut to[at..end]);
                    at = end;
                }
            }
        }
    }
}

/// The rows that one row of the result adds up.
struct Sums<'a> {
    from: &'a [f32],
    shape: MapShape,
    /// First row of the image in `from`, counted over all images.
    image_row: usize,
    rows: &'a [Tap],
    add: bool,
}

impl Sums<'_> {
    /// The channels of one pixel from `at`, at most `NV` vectors of them.
    #[inline(always)]
    fn pixel<S: Simd, const NV: usize>(&self, simd: S, columns: &[Tap], at: usize, to: &mut [f32]) {
        let mut sums = [simd.splat_f32s(0.0); NV];
        if self.add {
            read(simd, &mut sums, to);
        }
        for &(row, row_weight) in self.rows {
            let row = (self.image_row + row) * self.shape.row_len() + at;
            for &(column, column_weight) in columns {
                let weight = simd.splat_f32s(row_weight * column_weight);
                let from = row + column * self.shape.channels;
                let mut values = [simd.splat_f32s(0.0); NV];
                read(simd, &mut values, &self.from[from..from + to.len()]);
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = simd.mul_add_e_f32s(value, weight, *sum);
                }
            }
        }
        write(simd, &sums, to);
    }
}
