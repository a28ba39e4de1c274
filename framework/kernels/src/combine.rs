//! Joining feature maps: sums and concatenation along channels.

use crate::output::Output;
use crate::parallel::{CHUNK_LEN, chunk_of, for_chunks};
use crate::simd::vectorised;

/// `y = Σ xs`; `y` is overwritten, with zeros when there is no summand.
///
/// # Panics
///
/// When a summand is not as long as `y`.
pub fn add_forward<'a>(xs: &[&[f32]], y: impl Into<Output<'a>>) {
    let y = y.into();
    for x in xs {
        assert_eq!(x.len(), y.len(), "add_forward: lengths of summand and sum");
    }
    let work = xs.len() * y.len();
    for_chunks(y, CHUNK_LEN, work, |offset, y| {
        let here = offset..offset + y.len();
        match xs {
            [] => y.fill(0.0),
            [first] => y.copy_from_slice(&first[here]),
            [first, second, rest @ ..] => {
                add_two(&first[here.clone()], &second[here.clone()], y);
                for x in rest {
                    add_to(&x[here.clone()], y);
                }
            }
        }
    });
}

/// `dx += dy`.
///
/// # Panics
///
/// When the lengths differ.
pub fn accumulate<'a>(dx: impl Into<Output<'a>>, dy: &[f32]) {
    let dx = dx.into();
    assert_eq!(dx.len(), dy.len(), "accumulate: lengths");
    for_chunks(dx, CHUNK_LEN, dy.len(), |offset, dx| {
        add_to(&dy[offset..offset + dx.len()], dx);
    });
}

/// Writes maps of the same size one after the other along channels; each part comes with its number
/// of channels.
///
/// # Panics
///
/// When the parts do not have the same number of pixels or `y` does not hold just them.
pub fn concat_forward<'a>(parts: &[(&[f32], usize)], y: impl Into<Output<'a>>) {
    let y = y.into();
    let total: usize = parts.iter().map(|(_, channels)| channels).sum();
    if total == 0 {
        assert!(y.len() == 0, "concat_forward: no channels but an output");
        return;
    }
    let pixels = y.len() / total;
    assert_eq!(
        pixels * total,
        y.len(),
        "concat_forward: length of the output"
    );
    for (x, channels) in parts {
        assert_eq!(
            x.len(),
            pixels * channels,
            "concat_forward: length of a part"
        );
    }
    let work = y.len();
    for_chunks(y, chunk_of(total), work, |offset, y| {
        let first = offset / total;
        let mut at = 0;
        for &(x, channels) in parts {
            if channels == 0 {
                continue;
            }
            let rows = x[first * channels..].chunks_exact(channels);
            for (row, x) in y.chunks_exact_mut(total).zip(rows) {
                row[at..at + channels].copy_from_slice(x);
            }
            at += channels;
        }
    });
}

/// `dx += ` channels `offset .. offset + channels` of `dy`, whose pixels have `total_channels`: the
/// gradient of one part.
///
/// # Panics
///
/// When the channels do not lie within the pixel or the two maps do not have the same number of
/// pixels.
pub fn concat_backward<'a>(
    dy: &[f32],
    total_channels: usize,
    offset: usize,
    channels: usize,
    dx: impl Into<Output<'a>>,
) {
    let dx = dx.into();
    assert!(
        offset + channels <= total_channels,
        "concat_backward: channels outside the pixel"
    );
    if channels == 0 {
        assert!(dx.len() == 0, "concat_backward: no channels but a gradient");
        return;
    }
    let pixels = dx.len() / channels;
    assert_eq!(
        pixels * channels,
        dx.len(),
        "concat_backward: length of the part's gradient"
    );
    assert_eq!(
        pixels * total_channels,
        dy.len(),
        "concat_backward: length of the gradient"
    );
    let work = dx.len();
    for_chunks(dx, chunk_of(channels), work, |at, dx| {
        let dy = &dy[at / channels * total_channels..];
        add_columns(dy, total_channels, offset, channels, dx);
    });
}

vectorised! {
    fn add_two<'a>(a: &'a [f32], b: &'a [f32], y: &'a mut [f32]) {
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = a + b;
        }
    }
}

vectorised! {
    fn add_to<'a>(x: &'a [f32], y: &'a mut [f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y += x;
        }
    }
}

vectorised! {
    fn add_columns<'a>(dy: &'a [f32], total: usize, offset: usize, channels: usize, dx: &'a mut [f32]) {
        for (dx, dy) in dx.chunks_exact_mut(channels).zip(dy.chunks_exact(total)) {
            for (dx, dy) in dx.iter_mut().zip(&dy[offset..offset + channels]) {
                *dx += dy;
            }
        }
    }
}
