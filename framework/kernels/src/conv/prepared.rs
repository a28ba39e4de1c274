//! Convolutions whose weights have been arranged once for many passes.

use super::shape::Conv;
use super::{PassKind, check, dense, depthwise, expanded, takes_winograd, winograd};
use crate::activation::Activation;
use crate::output::Output;
use crate::simd::{Registers, registers};

/// A forward pass `y = act(conv(x) + bias)` for maps of one size, with everything done that depends
/// on the weights only.
pub struct PreparedConv {
    conv: Conv,
    weights: Weights,
    /// One value per output channel.
    bias: Vec<f32>,
    act: Activation,
    registers: Registers,
}

enum Weights {
    Depthwise(Vec<f32>),
    Winograd(winograd::Filters),
    /// One per group.
    Dense(Vec<super::pack::Packed>),
}

impl PreparedConv {
    /// Arranges the weights, which lie as [`Conv`] says.
    ///
    /// # Panics
    ///
    /// When a slice has the wrong length or the fields of `conv` contradict each other.
    #[must_use]
    pub fn new(conv: &Conv, weight: &[f32], bias: Option<&[f32]>, act: Activation) -> Self {
        Self::for_pass(conv, weight, bias, act, PassKind::Evaluation)
    }

    pub(super) fn for_pass(
        conv: &Conv,
        weight: &[f32],
        bias: Option<&[f32]>,
        act: Activation,
        pass: PassKind,
    ) -> Self {
        check(conv, conv.input.len(), weight.len(), conv.output().len());
        let bias = bias.map_or_else(|| vec![0.0; conv.out_channels], <[f32]>::to_vec);
        assert_eq!(bias.len(), conv.out_channels, "conv: length of the bias");
        let weights = if conv.is_depthwise() {
            Weights::Depthwise(weight.to_vec())
        } else if takes_winograd(conv, pass) {
            let lasting = pass == PassKind::Evaluation;
            Weights::Winograd(winograd::filters(conv, weight, lasting))
        } else {
            Weights::Dense(dense::pack(conv, weight))
        };
        Self {
            conv: *conv,
            weights,
            bias,
            act,
            registers: registers(),
        }
    }

    /// The convolution and the size of the maps it is prepared for.
    #[must_use]
    pub fn conv(&self) -> &Conv {
        &self.conv
    }

    /// Overwrites `y` (B, OH, OW, out channels) from `x` (B, H, W, channels).
    ///
    /// # Panics
    ///
    /// When a slice has the wrong length or the SIMD level was changed in between.
    pub fn run<'a>(&self, x: &[f32], y: impl Into<Output<'a>>) {
        let (conv, bias, act, y) = (&self.conv, &self.bias, self.act, y.into());
        self.check_level();
        assert_eq!(x.len(), conv.input.len(), "conv: length of the input");
        assert_eq!(y.len(), conv.output().len(), "conv: length of the output");
        match &self.weights {
            Weights::Depthwise(weight) => depthwise::forward(conv, x, weight, bias, act, y),
            Weights::Winograd(filters) => winograd::forward(conv, x, filters, bias, act, y),
            Weights::Dense(packed) => dense::forward(conv, x, packed, bias, act, y),
        }
    }

    /// True when [`run_expanded`](Self::run_expanded) can take this after `expand` and is faster
    /// than one after the other.
    #[must_use]
    pub fn streams_after(&self, expand: &Self) -> bool {
        matches!(
            (&expand.weights, &self.weights),
            (Weights::Dense(_), Weights::Depthwise(_))
        ) && expanded::pays(&expand.conv, &self.conv)
    }

    /// `y = self(expand(x))` without the map in between ever being in memory as a whole.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run), and where [`streams_after`](Self::streams_after) says no.
    pub fn run_expanded<'a>(&self, expand: &Self, x: &[f32], y: impl Into<Output<'a>>) {
        let y = y.into();
        self.check_level();
        expand.check_level();
        let (Weights::Dense(packed), Weights::Depthwise(weight)) = (&expand.weights, &self.weights)
        else {
            panic!(
                "conv: {:?} after {:?} is no expansion",
                self.conv, expand.conv
            );
        };
        assert_eq!(
            x.len(),
            expand.conv.input.len(),
            "conv: length of the input"
        );
        assert_eq!(
            y.len(),
            self.conv.output().len(),
            "conv: length of the output"
        );
        expanded::forward(
            &expanded::Expansion {
                conv: &expand.conv,
                packed: &packed[0],
                bias: &expand.bias,
                act: expand.act,
            },
            &expanded::Weighted {
                conv: &self.conv,
                weight,
                bias: &self.bias,
                act: self.act,
            },
            x,
            y,
        );
    }

    fn check_level(&self) {
        let same = self.registers == registers();
        assert!(same, "conv: prepared at another SIMD level");
    }
}

impl std::fmt::Debug for PreparedConv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedConv")
            .field("conv", &self.conv)
            .field("act", &self.act)
            .finish_non_exhaustive()
    }
}
