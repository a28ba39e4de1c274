//! Monocular depth estimation.

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{
    DataInfo, Label, LabelKind, Loss, Metrics, NoSettings, Prediction, Result, Scorer, Task,
};

use super::WORST_ERROR;
use super::depth_errors::DepthErrors;

/// Monocular depth estimation. The network's only output channel is the depth in metres, linear.
#[derive(Clone, Copy, Debug, Default)]
pub struct Depth;

impl FromConfig for Depth {
    type Config = NoSettings;

    fn from_config(_: NoSettings) -> Result<Self> {
        Ok(Self)
    }
}

impl Task for Depth {
    fn labels(&self) -> LabelKind {
        LabelKind::Depth
    }

    fn output_channels(&self, _data: &DataInfo) -> Result<usize> {
        Ok(1)
    }

    fn loss(&self) -> Loss {
        Loss::BerHu
    }

    fn scorer(&self, _data: &DataInfo) -> Result<Box<dyn Scorer>> {
        Ok(Box::new(DepthScorer(DepthErrors::default())))
    }

    /// Mean of three scores in [0, 1]: δ1, 1 / (1 + abs_rel / 0.25) and 1 / (1 + rms_log / ln
    /// 1.25). The paper searches on segmentation only; this reward is ours. Benchmarks sort by δ1,
    /// but it is 0 for every network that is off by more than a quarter and does not distinguish
    /// between them; the other two are one half at just that error, never 0 and never flat. All
    /// three are independent of the scene's scale, unlike rms and sqr_rel. A mean and not a
    /// product, so that δ1 = 0 does not hide the others.
    fn reward(&self, metrics: &Metrics) -> Result<f64> {
        let share = metrics.get("delta1").unwrap_or(0.0).clamp(0.0, 1.0);
        let score = |name: &str, half: f64| {
            let error = metrics.get(name).unwrap_or(WORST_ERROR).max(0.0);
            1.0 / (1.0 + error / half)
        };
        Ok((share + score("abs_rel", 0.25) + score("rms_log", 1.25_f64.ln())) / 3.0)
    }

    fn headline(&self) -> &'static [&'static str] {
        &["rms", "delta1", "abs_rel"]
    }
}

struct DepthScorer(DepthErrors);

impl Scorer for DepthScorer {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        let Label::Depth { values, .. } = truth else {
            return Err(truth.unlike(LabelKind::Depth));
        };
        prediction.check(1, truth)?;
        self.0.add(prediction.values, values)
    }

    fn metrics(&self) -> Result<Metrics> {
        Ok(self.0.metrics())
    }
}

nasfw_sdk::register!(task, Depth, plugin: "builtin", name: "depth",
    about: "monocular depth in metres: berHu loss, rms and threshold accuracies");
