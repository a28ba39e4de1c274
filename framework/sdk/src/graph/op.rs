//! The closed list of operations.

use serde::{Deserialize, Serialize};

/// The operation of a node. Maps are `(batch, height, width, channels)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Op {
    /// A value from outside. No inputs.
    Input {
        /// Channels of the value.
        channels: usize,
    },
    /// Convolution with "same" padding; see [`Conv`]. One input.
    Conv(Conv),
    /// Batch normalisation with a learned scale and shift, ε 1e-5, running momentum 0.1. One input.
    BatchNorm,
    /// An element-wise non-linearity. One input.
    Activation {
        /// The function.
        function: ActivationKind,
    },
    /// Bilinear resize, align_corners = false, of the first input to the second one's size.
    ResizeTo,
    /// Mean over height and width, one pixel per image. One input.
    GlobalAveragePool,
    /// Sum of one or more inputs of equal shape.
    Add,
    /// Concatenation along channels of one or more inputs of equal size.
    Concat,
    /// Its only input, unchanged.
    Identity,
    /// Zeros of its only input's shape.
    Zero,
}

/// A convolution with an odd square kernel, padded so that stride 1 keeps the size: the output is
/// `ceil(size / stride)`. Weights are `(kernel, kernel, in / groups, out)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// Output channels.
    pub out_channels: usize,
    /// Side of the kernel, odd.
    pub kernel: usize,
    /// Stride, at least 1.
    pub stride: usize,
    /// Distance of the kernel's taps, at least 1.
    pub dilation: usize,
    /// Channel groups; input and output channels are multiples of it.
    pub groups: usize,
    /// True if a bias per output channel is added.
    pub bias: bool,
}

impl Conv {
    /// A dense stride-1 convolution without bias.
    pub fn new(kernel: usize, out_channels: usize) -> Self {
        Self {
            out_channels,
            kernel,
            stride: 1,
            dilation: 1,
            groups: 1,
            bias: false,
        }
    }

    /// A depthwise stride-1 convolution without bias.
    pub fn depthwise(kernel: usize, channels: usize) -> Self {
        Self {
            groups: channels,
            ..Self::new(kernel, channels)
        }
    }

    /// Sets the stride.
    pub fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// Sets the dilation.
    pub fn dilation(self, dilation: usize) -> Self {
        Self { dilation, ..self }
    }

    /// Adds a bias.
    pub fn with_bias(self) -> Self {
        Self { bias: true, ..self }
    }

    /// Number of weights without the bias.
    pub fn weights(&self, in_channels: usize) -> usize {
        self.kernel * self.kernel * (in_channels / self.groups) * self.out_channels
    }
}

/// Element-wise non-linearities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationKind {
    /// max(x, 0)
    Relu,
    /// min(max(x, 0), 6)
    Relu6,
}

impl Op {
    /// Learned parameters, given the channels of the (first) input.
    pub fn parameters(&self, in_channels: usize) -> usize {
        match self {
            Op::Conv(conv) => {
                conv.weights(in_channels) + if conv.bias { conv.out_channels } else { 0 }
            }
            Op::BatchNorm => 2 * in_channels,
            Op::Input { .. }
            | Op::Activation { .. }
            | Op::ResizeTo
            | Op::GlobalAveragePool
            | Op::Add
            | Op::Concat
            | Op::Identity
            | Op::Zero => 0,
        }
    }
}
