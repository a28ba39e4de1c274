//! The paper's two stages, as starting points.

use crate::schedule::{Decay, Optimiser, Source, Stage, TargetScale};

const DECODER: Optimiser = Optimiser::Adam {
    lr: 3e-3,
    weight_decay: 1e-5,
};
const ENCODER: Optimiser = Optimiser::Sgd {
    lr: 1e-3,
    momentum: 0.9,
    weight_decay: 1e-5,
};

impl Stage {
    /// Stage 0 of arXiv 1810.10804: trains only the decoder, on cached encoder outputs of 4000
    /// samples, with distillation from a teacher.
    pub fn decoder_only() -> Self {
        Self {
            source: Source::Features,
            samples: 4000,
            epochs: 5,
            batch: 64,
            shorter_side_px: 300,
            crop_px: 256,
            decoder: DECODER,
            encoder: ENCODER,
            decay: Decay::Constant,
            clip_norm: 3.0,
            distillation: 0.3,
            auxiliary: 0.15,
            polyak: 0.9,
            targets: TargetScale::Quarter,
        }
    }

    /// Stage 1 of arXiv 1810.10804: trains the whole network for one epoch of the meta-train set.
    pub fn end_to_end() -> Self {
        Self {
            source: Source::Images,
            samples: 0,
            epochs: 1,
            batch: 32,
            shorter_side_px: 400,
            crop_px: 350,
            decoder: DECODER,
            encoder: ENCODER,
            decay: Decay::Constant,
            clip_norm: 3.0,
            distillation: 0.0,
            auxiliary: 0.15,
            polyak: 0.99,
            targets: TargetScale::Output,
        }
    }

    /// The same on `samples` images in batches of `batch`, scaled and cropped to `side_px`.
    pub fn sized(self, samples: usize, batch: usize, side_px: usize) -> Self {
        Self {
            samples,
            batch,
            shorter_side_px: side_px,
            crop_px: side_px,
            ..self
        }
    }
}
