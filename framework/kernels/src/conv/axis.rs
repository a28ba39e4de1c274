//! The source pixel that each kernel tap reads, along one axis.
//!
//! Forward and input gradient are the same computation seen this way: destination pixels lie on a
//! grid, and the pixel at grid position `i` adds up what its taps read at `i * source_step +
//! offset`. Forward the grid is the whole output. In the gradient of a convolution of stride `s`
//! the input pixels fall into `s` grids, each with the taps that reach it.

use std::ops::Range;

use super::shape::Conv;

/// One kernel position along the axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    /// Its index in the kernel.
    pub(super) index: usize,
    /// Offset of its read, in source pixels from `i * source_step`.
    pub(super) offset: isize,
}

/// A grid of destination positions and the taps that any of them has.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// Destination position of grid position 0.
    pub(super) start: usize,
    /// Destination positions from one grid position to the next.
    pub(super) step: usize,
    /// Grid positions.
    pub(super) count: usize,
    /// Source pixels from one grid position to the next.
    pub(super) source_step: usize,
    /// Source pixels on this axis.
    pub(super) source_len: usize,
    /// The taps that read inside the map for at least one grid position, offsets monotone.
    pub(super) taps: Vec<Tap>,
}

/// Consecutive grid positions that have the same taps inside the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Grid positions.
    pub(super) grid: Range<usize>,
    /// Indices among the axis' taps.
    pub(super) taps: Range<usize>,
}

impl Axis {
    /// The output positions of an axis of `len` input pixels.
    pub(super) fn forward(conv: &Conv, len: usize) -> Self {
        let padding = conv.padding() as isize;
        let taps = (0..conv.kernel).map(|index| Tap {
            index,
            offset: (index * conv.dilation) as isize - padding,
        });
        Self {
            start: 0,
            step: 1,
            count: conv.output_side(len),
            source_step: conv.stride,
            source_len: len,
            taps: taps.collect(),
        }
        .pruned()
    }

    /// `count` output positions and the `len` input positions that they read, those outside the map
    /// among them.
    pub(super) fn window(conv: &Conv, count: usize, len: usize) -> Self {
        let taps = (0..conv.kernel).map(|index| Tap {
            index,
            offset: (index * conv.dilation) as isize,
        });
        Self {
            start: 0,
            step: 1,
            count,
            source_step: conv.stride,
            source_len: len,
            taps: taps.collect(),
        }
    }

    /// The input positions of an axis of `len` input pixels, as grids that read the output.
    pub(super) fn gradient(conv: &Conv, len: usize) -> Vec<Self> {
        let stride = conv.stride as isize;
        let grid = |start: usize| {
            // Output o reaches input i by tap k where o * stride = i + padding - k * dilation.
            let reach = (0..conv.kernel).map(|k| {
                (
                    k,
                    (start + conv.padding()) as isize - (k * conv.dilation) as isize,
                )
            });
            let taps = reach
                .filter(|(_, at)| at.rem_euclid(stride) == 0)
                .map(|(index, at)| Tap {
                    index,
                    offset: at.div_euclid(stride),
                });
            Self {
                start,
                step: conv.stride,
                count: (len - start).div_ceil(conv.stride),
                source_step: 1,
                source_len: conv.output_side(len),
                taps: taps.collect(),
            }
            .pruned()
        };
        (0..conv.stride.min(len)).map(grid).collect()
    }

    /// The taps that read inside the map at grid position `i`: always neighbours, as the offsets
    /// are monotone.
    pub(super) fn inside(&self, i: usize) -> Range<usize> {
        let reads = |tap: &Tap| {
            let at = (i * self.source_step) as isize + tap.offset;
            (0..self.source_len as isize).contains(&at)
        };
        let Some(from) = self.taps.iter().position(reads) else {
            return 0..0;
        };
        let inside = self.taps[from..].iter().take_while(|tap| reads(tap));
        from..from + inside.count()
    }

    /// The grid cut where the set of taps inside the map changes, so that within a span nothing
    /// needs a test.
    pub(super) fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for i in 0..self.count {
            let taps = self.inside(i);
            match spans.last_mut() {
                Some(last) if last.taps == taps => last.grid.end = i + 1,
                _ => spans.push(Span {
                    grid: i..i + 1,
                    taps,
                }),
            }
        }
        spans
    }

    /// The grid positions at which tap number `tap` reads inside the map.
    pub(super) fn reach(&self, tap: usize) -> Range<usize> {
        let offset = self.taps[tap].offset;
        let step = self.source_step as isize;
        let from = (-offset).max(0).div_ceil_by(step);
        let to = (self.source_len as isize - offset).max(0).div_ceil_by(step);
        let to = to.min(self.count as isize);
        from.min(to) as usize..to as usize
    }

    /// Destination position of grid position `i`.
    pub(super) fn destination(&self, i: usize) -> usize {
        self.start + i * self.step
    }

    fn pruned(mut self) -> Self {
        let used = (0..self.taps.len()).map(|tap| !self.reach(tap).is_empty());
        let used: Vec<bool> = used.collect();
        let mut used = used.into_iter();
        self.taps.retain(|_| used.next() == Some(true));
        self
    }
}

/// Division of a non-negative number, rounded up; `isize::div_ceil` is not stable.
trait DivCeil {
    fn div_ceil_by(self, by: isize) -> isize;
}

impl DivCeil for isize {
    fn div_ceil_by(self, by: isize) -> isize {
        (self + by - 1) / by
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::MapShape;

    fn conv(kernel: usize, stride: usize, dilation: usize) -> Conv {
        Conv {
            input: MapShape::new(1, 8, 8, 1),
            out_channels: 1,
            kernel,
            stride,
            dilation,
            groups: 1,
        }
    }

    #[test]
    fn taps_outside_a_small_map_are_dropped() {
        assert_eq!(Axis::forward(&conv(3, 1, 12), 8).taps.len(), 1);
        assert_eq!(Axis::forward(&conv(3, 1, 7), 8).taps.len(), 3);
    }

    #[test]
    fn spans_and_reach_agree() {
        for (kernel, stride, dilation, len) in [
            (3, 1, 1, 8),
            (5, 2, 1, 7),
            (5, 1, 6, 32),
            (3, 2, 3, 9),
            (1, 3, 1, 5),
        ] {
            let conv = conv(kernel, stride, dilation);
            let mut grids = Axis::gradient(&conv, len);
            grids.push(Axis::forward(&conv, len));
            for axis in grids {
                let mut at = 0;
                for span in axis.spans() {
                    assert_eq!(span.grid.start, at);
                    at = span.grid.end;
                    for i in span.grid {
                        for tap in 0..axis.taps.len() {
                            assert_eq!(span.taps.contains(&tap), axis.reach(tap).contains(&i));
                        }
                    }
                }
                assert_eq!(at, axis.count);
            }
        }
    }

    #[test]
    fn every_forward_read_appears_once_in_the_gradient() {
        for (kernel, stride, dilation, len) in
            [(3, 1, 1, 8), (5, 2, 2, 7), (3, 3, 2, 10), (1, 2, 1, 5)]
        {
            let conv = conv(kernel, stride, dilation);
            let mut forward = Vec::new();
            let axis = Axis::forward(&conv, len);
            for (number, tap) in axis.taps.iter().enumerate() {
                for i in axis.reach(number) {
                    forward.push((i, tap.index, (i * stride) as isize + tap.offset));
                }
            }
            let mut backward = Vec::new();
            for axis in Axis::gradient(&conv, len) {
                for (number, tap) in axis.taps.iter().enumerate() {
                    for i in axis.reach(number) {
                        backward.push((
                            (i as isize + tap.offset) as usize,
                            tap.index,
                            axis.destination(i) as isize,
                        ));
                    }
                }
            }
            forward.sort_unstable();
            backward.sort_unstable();
            assert_eq!(forward, backward);
        }
    }
}
