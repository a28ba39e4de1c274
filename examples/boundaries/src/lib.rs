//! A task: semantic segmentation that emphasises boundaries.
//!
//! Mean IoU hardly depends on sharp outlines, as most pixels are inside. This task trains with a
//! cross-entropy that weighs pixels near boundaries more, and is scored by the agreement of
//! outlines.
//!
//! | file | holds |
//! |---|---|
//! | `outline.rs` | the pixels near a boundary |
//! | `loss.rs` | the loss and its gradient |
//! | `scorer.rs` | the boundary F1 |

mod loss;
mod outline;
mod scorer;

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{DataInfo, Error, Label, LabelKind, Loss, LossBatch, Metrics};
use nasfw_sdk::{Result, Scorer, Task};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(task, Boundaries, plugin: "boundaries", name: "boundaries",
    about: "segmentation, scored by how well outlines meet");

nasfw_sdk::settings! {
    /// Settings, e.g. `--set task.radius_px=2`.
    pub struct BoundariesConfig {
        /// Maximum distance of a pixel from a boundary, in pixels of the output, to count as near.
        pub radius_px: usize = 1,
        /// Weight of such a pixel in the loss; others have 1.
        pub weight: f32 = 3.0,
        /// The label of ignored pixels.
        pub ignore: u8 = 255,
    }
}

/// Segmentation; the network's outputs are logits, one channel per class.
pub struct Boundaries {
    config: BoundariesConfig,
}

impl FromConfig for Boundaries {
    type Config = BoundariesConfig;

    fn from_config(config: BoundariesConfig) -> Result<Self> {
        if config.radius_px > 16 {
            return Err(Error::invalid(
                "radius_px",
                config.radius_px,
                "0 to 16 is right",
            ));
        }
        if !(config.weight > 0.0 && config.weight <= 1000.0) {
            return Err(Error::invalid(
                "weight",
                config.weight,
                "above 0, at most 1000 is right",
            ));
        }
        Ok(Self { config })
    }
}

impl Task for Boundaries {
    fn labels(&self) -> LabelKind {
        LabelKind::Classes
    }

    fn output_channels(&self, data: &DataInfo) -> Result<usize> {
        Ok(data.classes.len().max(1))
    }

    fn loss(&self) -> Loss {
        Loss::Custom
    }

    fn custom_loss(&self, batch: &LossBatch<'_>, gradient: &mut [f32]) -> Result<f64> {
        loss::cross_entropy(&self.config, batch, gradient)
    }

    fn scorer(&self, data: &DataInfo) -> Result<Box<dyn Scorer>> {
        let classes = self.output_channels(data)?;
        Ok(Box::new(scorer::Outlines::new(classes, &self.config)))
    }

    /// The mean of both: pixel accuracy improves first, the outlines later.
    fn reward(&self, metrics: &Metrics) -> Result<f64> {
        let of = |name: &str| metrics.get(name).unwrap_or(0.0);
        Ok((of("boundary_f1") + of("pixel_acc")) / 2.0)
    }

    fn headline(&self) -> &'static [&'static str] {
        &["boundary_f1", "pixel_acc"]
    }
}

/// The classes of a label map.
fn classes(truth: &Label) -> Result<&[u8]> {
    match truth {
        Label::Classes { values, .. } => Ok(values),
        _ => Err(truth.unlike(LabelKind::Classes)),
    }
}
