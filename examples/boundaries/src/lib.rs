//! A task: semantic segmentation with an eye on boundaries.
//!
//! Mean IoU hardly notices whether an outline is sharp, as most pixels lie inside. This task learns by a
//! cross-entropy that counts more near boundaries, and is scored by how well outlines meet.
//!
//! | file | holds |
//! |---|---|
//! | `outline.rs` | which pixels are near a boundary |
//! | `loss.rs` | the loss and its gradient |
//! | `scorer.rs` | the boundary F1 |

mod loss;
mod outline;
mod scorer;

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{DataInfo, Error, Label, LabelKind, Loss, LossBatch, Metrics};
use nasfw_sdk::{Result, Scorer, Task};
use serde::{Deserialize, Serialize};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(task, Boundaries, plugin: "boundaries", name: "boundaries",
    about: "segmentation, scored by how well outlines meet");

/// Settings, e.g. `--set task.radius_px=2`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoundariesConfig {
    /// Pixels of the output as near as this to a boundary are near it.
    pub radius_px: usize,
    /// Weight of such a pixel in the loss; others have 1.
    pub weight: f32,
    /// The label of pixels that do not count.
    pub ignore: u8,
}

impl Default for BoundariesConfig {
    fn default() -> Self {
        Self {
            radius_px: 1,
            weight: 3.0,
            ignore: 255,
        }
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

    /// The mean of both: pixel accuracy moves first, the outlines later.
    fn reward(&self, metrics: &Metrics) -> Result<f64> {
        let of = |name: &str| metrics.get(name).unwrap_or(0.0);
        Ok((of("boundary_f1") + of("pixel_acc")) / 2.0)
    }

    fn headline(&self) -> &'static [&'static str] {
        &["boundary_f1", "pixel_acc"]
    }
}

/// The classes of a truth map.
fn classes(truth: &Label) -> Result<&[u8]> {
    match truth {
        Label::Classes { values, .. } => Ok(values),
        _ => Err(truth.unlike(LabelKind::Classes)),
    }
}
