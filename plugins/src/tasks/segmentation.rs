//! Semantic segmentation: one class per pixel.

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{
    ClassScorer, DataInfo, Error, Label, LabelKind, Loss, Metrics, Prediction, Result, Scorer,
    Task, argmax,
};
use serde::{Deserialize, Serialize};

use super::confusion::ConfusionMatrix;
use super::with_items;

/// Settings of semantic segmentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SegmentationConfig {
    /// The label of ignored pixels.
    pub ignore: u8,
}

impl Default for SegmentationConfig {
    fn default() -> Self {
        Self { ignore: 255 }
    }
}

/// Semantic segmentation. The network's outputs are logits, one channel per class.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segmentation {
    config: SegmentationConfig,
}

impl FromConfig for Segmentation {
    type Config = SegmentationConfig;

    fn from_config(config: SegmentationConfig) -> Result<Self> {
        Ok(Self { config })
    }
}

impl Task for Segmentation {
    fn labels(&self) -> LabelKind {
        LabelKind::Classes
    }

    fn output_channels(&self, data: &DataInfo) -> Result<usize> {
        Ok(data.classes.len().max(1))
    }

    fn loss(&self) -> Loss {
        let ignore = self.config.ignore;
        Loss::CrossEntropy { ignore }
    }

    fn scorer(&self, data: &DataInfo) -> Result<Box<dyn Scorer>> {
        let classes = self.output_channels(data)?;
        Ok(Box::new(SegmentationScorer {
            channels: classes,
            names: data.classes.clone(),
            matrix: ConfusionMatrix::new(classes, self.config.ignore),
        }))
    }

    /// Geometric mean of mean IoU, frequency-weighted IoU and mean class accuracy
    /// (arXiv 1810.10804, section 4), without background and absent classes.
    fn reward(&self, metrics: &Metrics) -> Result<f64> {
        let product: f64 = ["miou_fg", "fwiou_fg", "macc_fg"]
            .map(|name| metrics.get(name).unwrap_or(0.0).clamp(0.0, 1.0))
            .iter()
            .product();
        Ok(product.cbrt())
    }

    fn headline(&self) -> &'static [&'static str] {
        &["miou", "pixel_acc"]
    }
}

struct SegmentationScorer {
    channels: usize,
    names: Vec<String>,
    matrix: ConfusionMatrix,
}

impl Scorer for SegmentationScorer {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        prediction.check(self.channels, truth)?;
        let predicted: Result<Vec<u8>> = (prediction.values.chunks_exact(self.channels))
            .map(|pixel| {
                let class = argmax(pixel);
                u8::try_from(class)
                    .map_err(|_| Error::invalid("predicted class", class, "at most 255"))
            })
            .collect();
        self.add_classes(&predicted?, truth)
    }

    fn of_classes(&mut self) -> Option<&mut dyn ClassScorer> {
        Some(self)
    }

    fn metrics(&self) -> Result<Metrics> {
        let items = self.matrix.of_classes(&self.names);
        Ok(with_items(&self.matrix.metrics(), items))
    }
}

impl ClassScorer for SegmentationScorer {
    fn add_classes(&mut self, predicted: &[u8], truth: &Label) -> Result<()> {
        match truth {
            Label::Classes { values, .. } => self.matrix.add(predicted, values),
            _ => Err(truth.unlike(LabelKind::Classes)),
        }
    }
}

nasfw_sdk::register!(task, Segmentation, plugin: "builtin", name: "segm",
    about: "semantic segmentation: cross-entropy, mean IoU");
