//! The paper's two stages, as starting points.

use crate::schedule::{Decay, Optimiser, Stage, StageInput, TargetScale};

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
            continues: false,
            source: StageInput::Features,
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
            continues: false,
            source: StageInput::Images,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(stage: &Stage) -> String {
        let said = stage.check("schedule.stage0").map_err(|e| e.to_string());
        said.expect_err("out of range")
    }

    #[test]
    fn the_stages_of_the_paper_are_in_range() {
        for stage in [Stage::decoder_only(), Stage::end_to_end()] {
            assert_eq!(stage.check("stage"), Ok(()));
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let (decoder_only, end_to_end) = (Stage::decoder_only(), Stage::end_to_end());
        let batch = Stage {
            batch: 0,
            ..decoder_only.clone()
        };
        assert_eq!(
            refused(&batch),
            "schedule.stage0.batch: 0 is not allowed; 1 to 4096"
        );
        let encoder = Optimiser::Sgd {
            lr: 1e-3,
            momentum: -0.1,
            weight_decay: 0.0,
        };
        for stage in [
            Stage {
                polyak: 1.0,
                ..decoder_only.clone()
            },
            Stage {
                clip_norm: f64::NAN,
                ..decoder_only.clone()
            },
            Stage {
                encoder,
                ..decoder_only
            },
            Stage {
                distillation: 0.3,
                ..end_to_end
            },
        ] {
            refused(&stage);
        }
    }
}
