//! When Winograd's products are the faster ones: an estimate from the shape alone, so that the
//! choice, and with it every bit of a result, is the same for any number of threads.
//!
//! The unit is a multiply-add of the direct kernels when they have many channels. The constants are
//! fitted to measurements with AVX2 (`examples/timing.rs` repeats them), with maps of 4 × 4 to 128
//! × 128 pixels and 8 to 320 channels.

use super::tiling;
use super::weight::parts;
use crate::conv::PassKind;
use crate::conv::axis::Axis;
use crate::conv::shape::Conv;

/// True for a convolution of the kind handled here that is not empty.
pub(in crate::conv) fn handles(conv: &Conv) -> bool {
    let dense = conv.groups == 1 && conv.kernel == 3 && conv.stride == 1;
    dense && !conv.input.is_empty() && conv.out_channels > 0
}

/// True when this is faster than the direct kernels for a convolution handled here.
pub(in crate::conv) fn pays(conv: &Conv, pass: PassKind) -> bool {
    // 5 % for what the estimate misses.
    cost(conv, pass) / 20 * 21 < direct_cost(conv, pass)
}

/// Channels that a pass reads, and those of its result; of the second, whole vectors are computed.
fn channels(conv: &Conv, pass: PassKind) -> (usize, usize) {
    let (inputs, outputs) = (conv.input.channels, conv.out_channels);
    match pass {
        PassKind::Input => (outputs, whole_vectors(inputs)),
        PassKind::Forward | PassKind::Evaluation | PassKind::Weight => {
            (inputs, whole_vectors(outputs))
        }
    }
}

/// Channels rounded up to vectors of 8; the same for all vector lengths, or the choice would differ
/// between machines.
fn whole_vectors(channels: usize) -> usize {
    channels.next_multiple_of(8)
}

fn direct_cost(conv: &Conv, pass: PassKind) -> usize {
    let (from, to) = channels(conv, pass);
    // Per tap and pixel, beside the products; and taps per row that lie outside the map, next to
    // pixels for which they do not.
    let (overhead, outside) = match pass {
        PassKind::Forward | PassKind::Evaluation | PassKind::Input => (64, 20),
        PassKind::Weight => (32, 12),
    };
    let reach = |len| {
        let axis = Axis::forward(conv, len);
        let taps = 0..axis.taps.len();
        taps.map(|tap| axis.reach(tap).len()).sum::<usize>()
    };
    let shape = conv.input;
    let (rows, columns) = (reach(shape.height), reach(shape.width));
    let outside = outside.min(3 * (3 * shape.width - columns));
    let taps = rows * columns * (from * to + overhead);
    shape.batch * (taps + outside * shape.height * from * to)
}

fn cost(conv: &Conv, pass: PassKind) -> usize {
    let (from, to) = channels(conv, pass);
    let tiles = tiling(conv, from).count();
    // For a pair of channels of a tile: 36 products, faster than the direct kernels' as nothing has
    // to be looked up. For a channel of a tile: its transform. For a pair of channels: the
    // filter's, back and forth for each part.
    let (products, transform, filters) = match pass {
        PassKind::Forward | PassKind::Input => (31, 420, 700),
        PassKind::Evaluation => (31, 420, 0),
        PassKind::Weight => (36, 450, 700 * parts(tiles, from * conv.out_channels)),
    };
    let tile = 6500;
    tiles * (products * from * to + transform * (whole_vectors(from) + to) + tile)
        + filters * from * to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::MapShape;

    fn conv(batch: usize, side: usize, channels: (usize, usize), dilation: usize) -> Conv {
        Conv {
            input: MapShape::new(batch, side, side, channels.0),
            out_channels: channels.1,
            kernel: 3,
            stride: 1,
            dilation,
            groups: 1,
        }
    }

    #[test]
    fn the_choice_follows_the_shape() {
        use PassKind::{Forward, Input, Weight};
        for (shape, expected) in [
            (conv(8, 64, (48, 48), 1), vec![Forward, Input, Weight]),
            (conv(8, 64, (48, 48), 3), vec![Forward, Input, Weight]),
            (conv(8, 64, (48, 48), 12), vec![]),
            (conv(8, 16, (48, 48), 1), vec![Forward, Input, Weight]),
            (conv(8, 16, (48, 48), 3), vec![Forward, Input]),
            (conv(8, 16, (48, 48), 6), vec![]),
            (conv(8, 8, (48, 48), 1), vec![Forward, Input, Weight]),
            (conv(1, 8, (48, 48), 1), vec![]),
            (conv(8, 64, (48, 21), 1), vec![Forward, Input, Weight]),
            (conv(1, 128, (64, 64), 1), vec![Forward, Input, Weight]),
            (conv(8, 32, (144, 48), 1), vec![Forward, Input, Weight]),
            (conv(8, 4, (48, 48), 1), vec![]),
            (conv(1, 4, (600, 70), 1), vec![]),
        ] {
            for threads in [1, 4] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let pool = pool.expect("a small pool");
                let mut passes = vec![Forward, Input, Weight];
                pool.install(|| passes.retain(|&pass| pays(&shape, pass)));
                assert_eq!(passes, expected, "{shape:?}");
            }
        }
    }

    #[test]
    fn only_dense_3x3_of_stride_1_is_handled() {
        let dense = conv(2, 9, (6, 6), 2);
        assert!(handles(&dense));
        assert!(!handles(&Conv { groups: 2, ..dense }));
        assert!(!handles(&Conv { stride: 2, ..dense }));
        assert!(!handles(&Conv { kernel: 5, ..dense }));
        assert!(!handles(&conv(0, 9, (6, 6), 1)));
    }
}
