//! The shape of a convolution: its definition apart from any algorithm.

use crate::shape::MapShape;

/// A convolution with "same" padding: an odd square kernel, `dilation * (kernel - 1) / 2` zeros on
/// each side.
///
/// Weights are stored as (ky, kx, input channel of the group, output channel), output channels
/// fastest; for a depthwise convolution that is (ky, kx, channel). Output channels `g *
/// out_channels / groups ..` see the input channels of group `g`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// Size of the input map.
    pub input: MapShape,
    /// Channels of the output map.
    pub out_channels: usize,
    /// Kernel size in each direction, odd.
    pub kernel: usize,
    /// Input pixels from one output pixel to the next.
    pub stride: usize,
    /// Input pixels from one kernel tap to the next.
    pub dilation: usize,
    /// Number of groups of channels that do not see each other.
    pub groups: usize,
}

impl Conv {
    /// Size of the output map: `(size - 1) / stride + 1` pixels in each direction.
    #[must_use]
    pub fn output(&self) -> MapShape {
        MapShape::new(
            self.input.batch,
            self.output_side(self.input.height),
            self.output_side(self.input.width),
            self.out_channels,
        )
    }

    /// Number of weights: kernel² × input channels of a group × output channels.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.kernel * self.kernel * self.group_inputs() * self.out_channels
    }

    /// Zeros added on each side of the input, in pixels.
    #[must_use]
    pub fn padding(&self) -> usize {
        self.dilation * (self.kernel - 1) / 2
    }

    /// True when each channel is convolved by itself: groups == input channels == output channels.
    #[must_use]
    pub fn is_depthwise(&self) -> bool {
        self.groups == self.input.channels && self.groups == self.out_channels
    }

    /// Pixels that an axis of `input` pixels leaves.
    pub(super) fn output_side(&self, input: usize) -> usize {
        if input == 0 {
            0
        } else {
            (input - 1) / self.stride + 1
        }
    }

    /// Input channels that one output channel sees.
    pub(super) fn group_inputs(&self) -> usize {
        self.input.channels / self.groups
    }

    /// Output channels of one group.
    pub(super) fn group_outputs(&self) -> usize {
        self.out_channels / self.groups
    }

    /// Multiply-adds of a full pass were no tap outside the map; what the decision to fork goes by.
    pub(super) fn multiply_adds(&self) -> usize {
        self.output().pixels() * self.weight_len()
    }

    /// Panics where the fields contradict each other.
    pub(super) fn check(&self) {
        assert!(
            self.kernel % 2 == 1,
            "the kernel size {} is not odd",
            self.kernel
        );
        assert!(self.stride > 0, "the stride is 0");
        assert!(self.dilation > 0, "the dilation is 0");
        assert!(self.groups > 0, "a convolution has at least one group");
        assert!(
            self.input.channels.is_multiple_of(self.groups)
                && self.out_channels.is_multiple_of(self.groups),
            "{} groups do not divide {} input and {} output channels",
            self.groups,
            self.input.channels,
            self.out_channels
        );
    }
}
