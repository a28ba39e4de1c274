//! The eleven operations of the cell.

use nasfw_sdk::GraphBuilder;
use nasfw_sdk::graph::{ActivationKind, Conv, NodeId, Op};

/// One operation; its position in [`Operation::ALL`] is its number in a genotype. All preserve
/// width and resolution: channels C to C, stride 1, "same" padding, convolutions without bias,
/// batch normalisation with scale and shift (arXiv 1810.10804, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Dense convolution → BN → ReLU.
    Conv {
        /// Side of the kernel.
        kernel: usize,
        /// Distance between its taps.
        dilation: usize,
    },
    /// (Depthwise → pointwise 1x1 → BN → ReLU) as often as the space repeats them.
    Separable {
        /// Side of the depthwise kernel.
        kernel: usize,
        /// Distance between its taps.
        dilation: usize,
    },
    /// Mean over height and width → 1x1 → BN → ReLU → resized back.
    GlobalAveragePool,
    /// The input, unchanged.
    Skip,
    /// Zeros.
    None,
}

const fn conv(kernel: usize, dilation: usize) -> Operation {
    Operation::Conv { kernel, dilation }
}

const fn separable(kernel: usize, dilation: usize) -> Operation {
    Operation::Separable { kernel, dilation }
}

impl Operation {
    /// All operations in the order of their numbers.
    pub const ALL: [Self; 11] = [
        conv(1, 1),
        conv(3, 1),
        separable(3, 1),
        separable(5, 1),
        Self::GlobalAveragePool,
        conv(3, 3),
        conv(3, 12),
        separable(3, 3),
        separable(5, 6),
        Self::Skip,
        Self::None,
    ];

    /// The names of [`ALL`](Self::ALL), as the paper writes them.
    pub const NAMES: [&'static str; 11] = [
        "conv1x1",
        "conv3x3",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "global_average_pool",
        "conv3x3_dil3",
        "conv3x3_dil12",
        "sep_conv_3x3_dil3",
        "sep_conv_5x5_dil6",
        "skip_connect",
        "none",
    ];

    /// The operation's number in genotypes.
    pub fn number(self) -> usize {
        // Every constructible operation of a genotype comes from the list.
        Self::ALL.iter().position(|&o| o == self).unwrap_or(0)
    }

    /// The operation's name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self.number()]
    }

    /// Adds the operation on `x` of `channels` channels; nodes are called `{name}.…`.
    pub(super) fn build(
        self,
        graph: &mut GraphBuilder,
        name: &str,
        channels: usize,
        repeats: usize,
        x: NodeId,
    ) -> NodeId {
        let relu = Some(ActivationKind::Relu);
        match self {
            Self::Conv { kernel, dilation } => {
                let conv = Conv::new(kernel, channels).dilation(dilation);
                graph.conv_bn(name, conv, relu, x)
            }
            Self::Separable { kernel, dilation } => (0..repeats).fold(x, |x, repeat| {
                let name = format!("{name}.sep{repeat}");
                let depthwise = Conv::depthwise(kernel, channels).dilation(dilation);
                let y = graph.conv(&format!("{name}.depthwise"), depthwise, x);
                let y = graph.conv(&format!("{name}.pointwise"), Conv::new(1, channels), y);
                let y = graph.add(format!("{name}.bn"), Op::BatchNorm, &[y]);
                let function = ActivationKind::Relu;
                graph.add(format!("{name}.act"), Op::Activation { function }, &[y])
            }),
            Self::GlobalAveragePool => {
                let y = graph.add(format!("{name}.pool"), Op::GlobalAveragePool, &[x]);
                let y = graph.conv_bn(name, Conv::new(1, channels), relu, y);
                graph.add(format!("{name}.resize"), Op::ResizeTo, &[y, x])
            }
            Self::Skip => graph.add(format!("{name}.skip"), Op::Identity, &[x]),
            Self::None => graph.add(format!("{name}.none"), Op::Zero, &[x]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree_with_the_definitions() {
        for (number, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation.number(), number);
            let name = operation.name();
            let spelled = match operation {
                Operation::Conv { kernel, dilation } => ("conv", kernel, dilation),
                Operation::Separable { kernel, dilation } => ("sep_conv_", kernel, dilation),
                _ => continue,
            };
            let (prefix, kernel, dilation) = spelled;
            let suffix = match dilation {
                1 => String::new(),
                d => format!("_dil{d}"),
            };
            assert_eq!(name, format!("{prefix}{kernel}x{kernel}{suffix}"));
        }
    }
}
