//! A task: the brightness of every pixel as depth, with a custom loss and data of its own.

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{
    DataInfo, Error, Label, LabelKind, Loss, LossBatch, Metrics, Prediction, Result, Scorer, Task,
    TaskData,
};
use serde::{Deserialize, Serialize};

use super::data::Gradients;

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BrightnessConfig {
    /// Samples to train on.
    train: usize,
}

impl Default for BrightnessConfig {
    fn default() -> Self {
        Self { train: 24 }
    }
}

pub(crate) struct Brightness {
    data: Gradients,
}

nasfw_sdk::register!(task, Brightness, plugin: "tiny", name: "brightness",
    about: "how bright each pixel is, on images of its own");

impl FromConfig for Brightness {
    type Config = BrightnessConfig;

    fn from_config(config: BrightnessConfig) -> Result<Self> {
        if config.train < 2 {
            return Err(Error::invalid("train", config.train, "at least 2"));
        }
        Ok(Self {
            data: Gradients {
                train: config.train,
            },
        })
    }
}

impl Task for Brightness {
    fn labels(&self) -> LabelKind {
        LabelKind::Depth
    }

    fn output_channels(&self, _: &DataInfo) -> Result<usize> {
        Ok(1)
    }

    fn loss(&self) -> Loss {
        Loss::Custom
    }

    fn scorer(&self, _: &DataInfo) -> Result<Box<dyn Scorer>> {
        Ok(Box::new(Errors::default()))
    }

    fn reward(&self, metrics: &Metrics) -> Result<f64> {
        Ok(1.0 / (1.0 + metrics.get("mae").unwrap_or(1e6)))
    }

    fn headline(&self) -> &'static [&'static str] {
        &["mae"]
    }

    /// Mean squared error.
    fn custom_loss(&self, batch: &LossBatch<'_>, gradient: &mut [f32]) -> Result<f64> {
        let count = batch.outputs.len() as f32;
        let truth = batch.truths.iter().flat_map(|label| match label {
            Label::Depth { values, .. } => values.as_slice(),
            _ => &[],
        });
        let mut sum = 0.0;
        for ((output, truth), gradient) in batch.outputs.iter().zip(truth).zip(gradient) {
            let error = output - truth;
            sum += f64::from(error * error);
            *gradient = 2.0 * error / count;
        }
        Ok(sum / f64::from(count))
    }

    fn data(&self) -> Option<&dyn TaskData> {
        Some(&self.data)
    }
}

#[derive(Default)]
struct Errors {
    sum: f64,
    count: u64,
}

impl Scorer for Errors {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        let Label::Depth {
            width,
            height,
            values,
        } = truth
        else {
            return Err(Error::invalid(
                "truth",
                format!("{:?}", truth.kind()),
                "depths",
            ));
        };
        let fits = (*width, *height, 1, values.len())
            == (
                prediction.width,
                prediction.height,
                prediction.channels,
                prediction.values.len(),
            );
        if !fits {
            return Err(Error::invalid(
                "prediction",
                "one of another size",
                "that of the truth",
            ));
        }
        if !prediction.values.iter().all(|v| v.is_finite()) {
            return Err(Error::invalid(
                "prediction",
                "one that is not finite",
                "finite numbers",
            ));
        }
        for (predicted, truth) in prediction.values.iter().zip(values) {
            self.sum += f64::from((predicted - truth).abs());
            self.count += 1;
        }
        Ok(())
    }

    fn metrics(&self) -> Result<Metrics> {
        let mean = match self.count {
            0 => 1e6,
            n => (self.sum / n as f64).min(1e6),
        };
        Metrics::new([("mae", mean)])
    }
}
