//! The MobileNet-v2 encoder (Sandler et al., CVPR 2018, table 2).

use nasfw_sdk::graph::{ActivationKind, Conv, NodeId, Op};
use nasfw_sdk::{Error, GraphBuilder, Result};
use serde::{Deserialize, Serialize};

/// (expansion, channels, repeats, stride of the first) of every group of inverted residuals.
const GROUPS: [(usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];
/// The groups whose outputs the decoder reads, with their total strides.
const TAPS: [(usize, usize); 4] = [(1, 4), (2, 8), (4, 16), (6, 32)];
const STEM_CHANNELS: usize = 32;
/// Widths that weights are published in, and halves of them.
const WIDTHS: [f64; 10] = [1.0, 0.5, 1.4, 0.75, 0.35, 0.25, 1.1, 1.2, 1.3, 2.0];
/// The names of the first convolution and of the last one that the encoder has.
const FIRST_AND_LAST: [(Names, [&str; 2]); 3] = [
    (
        Names::Torchvision,
        ["features.0.0.weight", "features.17.conv.2.weight"],
    ),
    (
        Names::Torchvision,
        ["conv_stem.weight", "blocks.6.0.conv_pwl.weight"],
    ),
    (
        Names::Ours,
        [
            "encoder.stem.conv.weight",
            "encoder.group6.block0.project.conv.weight",
        ],
    ),
];
/// An array that only the paper's variant has.
const FIRST_EXPAND: &str = "encoder.group0.block0.expand.conv.weight";
const RELU6: Option<ActivationKind> = Some(ActivationKind::Relu6);

/// Settings of the encoder: MobileNet-v2 without its last 1280-channel convolution and classifier.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MobileNetV2 {
    /// Channel multiplier, 0.1 to 4; channels are rounded to multiples of 8.
    pub width: f64,
    /// The variant of MobileNet-v2.
    pub variant: Variant,
}

/// Encoders that differ in the first group, which expands by 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Variant {
    /// The paper's variant: the first group also has a 1x1 expand convolution.
    #[default]
    #[serde(rename = "mobilenet-v2")]
    WithFirstExpand,
    /// The variant of torchvision and timm, without that convolution; accepts their weights.
    #[serde(rename = "mobilenet-v2-torchvision")]
    Torchvision,
}

impl Default for MobileNetV2 {
    fn default() -> Self {
        Self {
            width: 1.0,
            variant: Variant::default(),
        }
    }
}

/// The layout of arrays that goes with their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// Torchvision's or timm's: `(out, in, height, width)`.
    Torchvision,
    /// This program's: `(height, width, in, out)`.
    Ours,
}

/// A map with its total stride.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map {
    pub(super) node: NodeId,
    pub(super) stride: usize,
}

impl MobileNetV2 {
    pub(super) fn check(&self) -> Result<()> {
        if (0.1..=4.0).contains(&self.width) {
            Ok(())
        } else {
            Err(Error::invalid("encoder.width", self.width, "0.1 to 4"))
        }
    }

    /// The encoder whose weights a file holds, by the shapes of its arrays; none where it holds those
    /// of another network, or of a width that is not published.
    pub(super) fn of_arrays(shape_of: &dyn Fn(&str) -> Option<Vec<usize>>) -> Option<Self> {
        let (names, ends) = FIRST_AND_LAST
            .iter()
            .find(|(_, ends)| ends.iter().all(|name| shape_of(name).is_some()))?;
        let channels = |name: &str| {
            let shape = shape_of(name)?;
            match names {
                Names::Torchvision => shape.first().copied(),
                Names::Ours => shape.last().copied(),
            }
        };
        let found = (channels(ends[0])?, channels(ends[1])?);
        let has_expand = *names == Names::Ours && shape_of(FIRST_EXPAND).is_some();
        let variant = if has_expand {
            Variant::WithFirstExpand
        } else {
            Variant::Torchvision
        };
        let (_, last, ..) = GROUPS[GROUPS.len() - 1];
        let of_width = |width: f64| Self { width, variant };
        WIDTHS
            .map(of_width)
            .into_iter()
            .find(|it| (it.channels(STEM_CHANNELS), it.channels(last)) == found)
    }

    /// Adds the encoder on `image` and returns its four outputs, fine to coarse.
    pub(super) fn build(&self, graph: &mut GraphBuilder, image: NodeId) -> [Map; 4] {
        let mut channels = self.channels(STEM_CHANNELS);
        let stem = Conv::new(3, channels).stride(2);
        let mut x = graph.conv_bn("encoder.stem", stem, RELU6, image);
        let mut after = [x; GROUPS.len()];
        for (group, (expansion, width, repeats, first_stride)) in GROUPS.into_iter().enumerate() {
            let out_channels = self.channels(width);
            for repeat in 0..repeats {
                let residual = Residual {
                    name: format!("encoder.group{group}.block{repeat}"),
                    expansion,
                    has_expand: expansion > 1 || self.variant == Variant::WithFirstExpand,
                    channels,
                    out_channels,
                    stride: if repeat == 0 { first_stride } else { 1 },
                };
                x = residual.build(graph, x);
                channels = out_channels;
            }
            after[group] = x;
        }
        TAPS.map(|(group, stride)| Map {
            node: after[group],
            stride,
        })
    }

    /// Channels times the multiplier, to the nearest multiple of 8 but never below 0.9 of it
    /// (the rounding of the MobileNet family).
    fn channels(&self, base: usize) -> usize {
        let exact = base as f64 * self.width;
        let rounded = ((exact + 4.0) as usize / 8 * 8).max(8);
        if (rounded as f64) < 0.9 * exact {
            rounded + 8
        } else {
            rounded
        }
    }
}

/// One inverted residual: expand 1x1, depthwise 3x3, project 1x1.
struct Residual {
    name: String,
    expansion: usize,
    has_expand: bool,
    channels: usize,
    out_channels: usize,
    stride: usize,
}

impl Residual {
    fn build(&self, graph: &mut GraphBuilder, x: NodeId) -> NodeId {
        let part = |part: &str| format!("{}.{part}", self.name);
        let hidden = self.channels * self.expansion;
        let mut y = x;
        if self.has_expand {
            y = graph.conv_bn(&part("expand"), Conv::new(1, hidden), RELU6, y);
        }
        let depthwise = Conv::depthwise(3, hidden).stride(self.stride);
        y = graph.conv_bn(&part("depthwise"), depthwise, RELU6, y);
        y = graph.conv_bn(&part("project"), Conv::new(1, self.out_channels), None, y);
        if self.stride == 1 && self.channels == self.out_channels {
            y = graph.add(part("add"), Op::Add, &[x, y]);
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_tell_their_width_and_variant() {
        let of = |arrays: &[(&str, &[usize])]| {
            let find = |name: &str| {
                let found = arrays.iter().find(|(known, _)| *known == name);
                found.map(|(_, shape)| shape.to_vec())
            };
            MobileNetV2::of_arrays(&find).map(|it| (it.width, it.variant))
        };
        let torchvision = |stem, last| {
            of(&[
                ("features.0.0.weight", &[stem, 3, 3, 3]),
                ("features.17.conv.2.weight", &[last, 960, 1, 1]),
            ])
        };
        assert_eq!(torchvision(32, 320), Some((1.0, Variant::Torchvision)));
        // Widths 0.5 and 0.35 have the same first convolution.
        assert_eq!(torchvision(16, 160), Some((0.5, Variant::Torchvision)));
        assert_eq!(torchvision(16, 112), Some((0.35, Variant::Torchvision)));
        assert_eq!(torchvision(32, 100), None);
        let timm = [
            ("conv_stem.weight", &[48, 3, 3, 3][..]),
            ("blocks.6.0.conv_pwl.weight", &[448, 1344, 1, 1]),
        ];
        assert_eq!(of(&timm), Some((1.4, Variant::Torchvision)));
        let mut ours = vec![
            ("encoder.stem.conv.weight", &[3, 3, 3, 16][..]),
            (
                "encoder.group6.block0.project.conv.weight",
                &[1, 1, 480, 160],
            ),
        ];
        assert_eq!(of(&ours), Some((0.5, Variant::Torchvision)));
        ours.push((FIRST_EXPAND, &[1, 1, 16, 16]));
        assert_eq!(of(&ours), Some((0.5, Variant::WithFirstExpand)));
        assert_eq!(of(&[("stem.weight", &[1])]), None);
    }

    #[test]
    fn channels_round_as_the_mobilenet_family_does() {
        let at = |width: f64| MobileNetV2 {
            width,
            variant: Variant::default(),
        };
        // Channels of MobileNet-v2 0.35, 0.5 and 1.4 as published with their weights.
        let round = |width, bases: [usize; 4]| bases.map(|base| at(width).channels(base));
        // 11.2 would round to 8, which loses more than a tenth, so it is rounded up.
        assert_eq!(round(0.35, [32, 24, 160, 320]), [16, 8, 56, 112]);
        assert_eq!(round(0.5, [32, 16, 24, 32]), [16, 8, 16, 16]);
        assert_eq!(round(1.4, [32, 16, 24, 320]), [48, 24, 32, 448]);
        assert_eq!(at(0.1).channels(16), 8);
    }
}
