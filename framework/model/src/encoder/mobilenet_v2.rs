//! Array names of torchvision's and timm's MobileNet-v2.
//!
//! torchvision: `features.0` is the stem, `features.1` to `.17` the inverted residuals,
//! `features.18` and `classifier` the head. timm: `conv_stem`, `bn1`; `blocks.STAGE.BLOCK`;
//! `conv_head`, `bn2`, `classifier`. In both the first inverted residual, of expansion 1, has no
//! expand convolution.

use nasfw_sdk::graph::{Conv, Graph, NodeId, Op};

/// Blocks of each stage (Sandler et al., CVPR 2018, table 2).
const STAGES: [usize; 7] = [1, 2, 3, 4, 3, 3, 1];

/// The naming scheme of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Torchvision,
    Timm,
}

/// A convolution with the normalisation behind it, and the names of both.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) conv: String,
    pub(super) norm: String,
    pub(super) their_conv: String,
    pub(super) their_norm: String,
}

/// The role of a convolution; blocks count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Stem,
    Expand(usize),
    Depthwise(usize),
    Project(usize),
}

impl Family {
    /// Detects the family from the array names.
    pub(super) fn of(names: &[String]) -> Option<Self> {
        let has = |start: &str| names.iter().any(|name| name.starts_with(start));
        match (has("features."), has("conv_stem.") || has("blocks.")) {
            (true, _) => Some(Self::Torchvision),
            (_, true) => Some(Self::Timm),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Torchvision => "torchvision",
            Self::Timm => "timm",
        }
    }

    /// True for arrays of the last convolution or the classifier, which no encoder has, and for
    /// counters of training steps.
    pub(super) fn is_skipped(self, name: &str) -> bool {
        let head: &[&str] = match self {
            Self::Torchvision => &["features.18.", "classifier."],
            Self::Timm => &["conv_head.", "bn2.", "classifier."],
        };
        name.ends_with(".num_batches_tracked") || head.iter().any(|start| name.starts_with(start))
    }

    /// All convolutions of `encoder`.
    ///
    /// # Errors
    /// When it is not a MobileNet-v2 like theirs.
    pub(super) fn pairs(self, encoder: &Graph) -> Result<Vec<Pair>, String> {
        (parts(encoder)?.into_iter())
            .map(|(part, conv, norm)| {
                let (their_conv, their_norm) = self.names(part).ok_or_else(|| {
                    format!(
                        "the space's encoder expands in its first block ({}), but {}'s MobileNet-v2 \
                         does not; in the space segm, set space.encoder.variant=mobilenet-v2-torchvision",
                        encoder.nodes()[conv].name,
                        self.name()
                    )
                })?;
                Ok(Pair {
                    conv: encoder.nodes()[conv].name.clone(),
                    norm: encoder.nodes()[norm].name.clone(),
                    their_conv,
                    their_norm,
                })
            })
            .collect()
    }

    /// Their names of a convolution and its normalisation; `None` for layers that they do not have.
    fn names(self, part: Part) -> Option<(String, String)> {
        let (block, torchvision, timm) = match part {
            Part::Stem => {
                let (conv, norm) = match self {
                    Self::Torchvision => ("features.0.0", "features.0.1"),
                    Self::Timm => ("conv_stem", "bn1"),
                };
                return Some((conv.into(), norm.into()));
            }
            Part::Expand(0) => return None,
            Part::Depthwise(0) => (0, ("0.0", "0.1"), ("conv_dw", "bn1")),
            Part::Project(0) => (0, ("1", "2"), ("conv_pw", "bn2")),
            Part::Expand(b) => (b, ("0.0", "0.1"), ("conv_pw", "bn1")),
            Part::Depthwise(b) => (b, ("1.0", "1.1"), ("conv_dw", "bn2")),
            Part::Project(b) => (b, ("2", "3"), ("conv_pwl", "bn3")),
        };
        let (start, (conv, norm)) = match self {
            Self::Torchvision => (format!("features.{}.conv", block + 1), torchvision),
            Self::Timm => {
                let (stage, at) = stage_of(block)?;
                (format!("blocks.{stage}.{at}"), timm)
            }
        };
        Some((format!("{start}.{conv}"), format!("{start}.{norm}")))
    }
}

/// The stage of a block, and its position in the stage.
fn stage_of(block: usize) -> Option<(usize, usize)> {
    let mut left = block;
    for (stage, &blocks) in STAGES.iter().enumerate() {
        if left < blocks {
            return Some((stage, left));
        }
        left -= blocks;
    }
    None
}

/// The convolutions of an encoder with their normalisations, identified by their order.
fn parts(encoder: &Graph) -> Result<Vec<(Part, NodeId, NodeId)>, String> {
    let nodes = encoder.nodes();
    let convs: Vec<(NodeId, Conv)> = (nodes.iter().enumerate())
        .filter_map(|(id, node)| match node.op {
            Op::Conv(conv) => Some((id, conv)),
            _ => None,
        })
        .collect();
    let other =
        || "these weights are for a MobileNet-v2, but the space's encoder is not one".to_owned();
    let is_depthwise = |at: usize| convs.get(at).is_some_and(|(_, conv)| conv.groups > 1);
    let mut parts = Vec::new();
    let mut blocks = 0;
    for (at, (id, conv)) in convs.iter().enumerate() {
        let part = match (at, is_depthwise(at), is_depthwise(at + 1)) {
            (0, false, _) => Part::Stem,
            (_, true, _) => {
                blocks += 1;
                Part::Depthwise(blocks - 1)
            }
            (_, false, true) => Part::Expand(blocks),
            _ => Part::Project(usize::checked_sub(blocks, 1).ok_or_else(other)?),
        };
        let norm = nodes
            .iter()
            .position(|n| n.op == Op::BatchNorm && n.inputs == [*id]);
        match norm {
            Some(norm) if !conv.bias => parts.push((part, *id, norm)),
            _ => return Err(other()),
        }
    }
    if blocks == STAGES.iter().sum::<usize>() {
        Ok(parts)
    } else {
        Err(other())
    }
}
