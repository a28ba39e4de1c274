//! Convolutions with "same" padding: forward, input gradient, weight gradient, bias gradient.
//!
//! `dense` and `dense_weight` handle all convolutions but depthwise ones, group by group;
//! `depthwise` handles those. Both are written for every kernel size, stride and dilation.
//! `winograd` handles the 3x3 convolutions for which it is faster. A new special case gets a file
//! here and a branch in the functions below; `tests/conv.rs` then covers it by itself.

mod axis;
mod dense;
mod dense_weight;
mod depthwise;
mod depthwise_weight;
mod expanded;
mod micro;
mod pack;
mod prepared;
mod scratch;
mod shape;
mod sweep;
mod winograd;

pub use prepared::PreparedConv;
pub use shape::Conv;

use std::sync::atomic::{AtomicU8, Ordering};

use crate::activation::Activation;
use crate::columns::column_sums;
use crate::output::Output;

/// The algorithm for convolutions that more than one kernel can compute.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvAlgorithm {
    /// The faster one, going by the shape.
    ByShape,
    /// Never Winograd's.
    Direct,
    /// Winograd's wherever it applies.
    Winograd,
}

static ALGORITHM: AtomicU8 = AtomicU8::new(ConvAlgorithm::ByShape as u8);

/// Sets how every later convolution in this process is computed, for tests and measurements.
#[doc(hidden)]
pub fn set_conv_algorithm(algorithm: ConvAlgorithm) {
    ALGORITHM.store(algorithm as u8, Ordering::Relaxed);
}

/// The pass of a convolution that is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PassKind {
    Forward,
    /// Forward with weights that have been prepared.
    Evaluation,
    /// Input gradient.
    Input,
    /// Weight gradient.
    Weight,
}

fn takes_winograd(conv: &Conv, pass: PassKind) -> bool {
    const DIRECT: u8 = ConvAlgorithm::Direct as u8;
    const WINOGRAD: u8 = ConvAlgorithm::Winograd as u8;
    winograd::handles(conv)
        && match ALGORITHM.load(Ordering::Relaxed) {
            DIRECT => false,
            WINOGRAD => true,
            _ => winograd::pays(conv, pass),
        }
}

/// `y = conv(x) + bias`: overwrites `y` (B, OH, OW, out channels) from `x` (B, H, W, channels).
///
/// # Panics
///
/// When a slice has the wrong length or the fields of `conv` contradict each other (an even kernel,
/// groups that do not divide the channels).
pub fn conv_forward<'a>(
    conv: &Conv,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    y: impl Into<Output<'a>>,
) {
    let act = Activation::Identity;
    PreparedConv::for_pass(conv, weight, bias, act, PassKind::Forward).run(x, y);
}

/// `dx += convᵀ(dy)`: the gradient of the input (B, H, W, channels) from that of the output (B, OH,
/// OW, out channels).
///
/// # Panics
///
/// As [`conv_forward`].
pub fn conv_backward_input<'a>(conv: &Conv, weight: &[f32], dy: &[f32], dx: impl Into<Output<'a>>) {
    let dx = dx.into();
    check(conv, dx.len(), weight.len(), dy.len());
    if conv.is_depthwise() {
        depthwise::backward_input(conv, weight, dy, dx);
    } else if takes_winograd(conv, PassKind::Input) {
        winograd::backward_input(conv, weight, dy, dx);
    } else {
        dense::backward_input(conv, weight, dy, dx);
    }
}

/// `dweight += ` the gradient of the weights, from the input `x` and the gradient `dy` of the
/// output.
///
/// # Panics
///
/// As [`conv_forward`].
pub fn conv_backward_weight(conv: &Conv, x: &[f32], dy: &[f32], dweight: &mut [f32]) {
    check(conv, x.len(), dweight.len(), dy.len());
    if conv.is_depthwise() {
        depthwise_weight::backward_weight(conv, x, dy, dweight);
    } else if takes_winograd(conv, PassKind::Weight) {
        winograd::backward_weight(conv, x, dy, dweight);
    } else {
        dense_weight::backward_weight(conv, x, dy, dweight);
    }
}

/// `dbias[c] += ` the sum of channel `c` of `dy` over all pixels.
///
/// # Panics
///
/// When `dy` is not a whole number of pixels or `dbias` not one value per channel.
pub fn bias_backward(dy: &[f32], channels: usize, dbias: &mut [f32]) {
    assert_eq!(
        dbias.len(),
        channels,
        "bias_backward: length of the bias gradient"
    );
    for (to, sum) in dbias.iter_mut().zip(column_sums(dy, channels)) {
        *to += sum as f32;
    }
}

fn check(conv: &Conv, input: usize, weight: usize, output: usize) {
    conv.check();
    assert_eq!(input, conv.input.len(), "conv: length of the input");
    assert_eq!(weight, conv.weight_len(), "conv: length of the weights");
    assert_eq!(output, conv.output().len(), "conv: length of the output");
}
