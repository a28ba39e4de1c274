//! Pose of one person (or object) per image, by one heatmap per joint.

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{
    DataInfo, Error, Label, LabelKind, Loss, Metrics, Prediction, Result, Scorer, Task,
};
use serde::{Deserialize, Serialize};

use super::pck::Pck;
use super::peak::peak;
use super::with_items;

/// Settings of pose estimation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoseConfig {
    /// Tolerance of `pck` in reference lengths, above 0: 0.1 of the box by default, because most
    /// networks soon reach 0.2; 0.5 for PCKh, where the reference is the head.
    pub alpha: f64,
    /// Standard deviation of the target Gaussians in pixels of the output map, above 0.
    pub sigma_px: f32,
}

impl Default for PoseConfig {
    fn default() -> Self {
        Self {
            alpha: 0.1,
            sigma_px: 2.0,
        }
    }
}

/// Pose estimation. The network's outputs are heatmaps, one channel per joint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pose {
    config: PoseConfig,
}

impl FromConfig for Pose {
    type Config = PoseConfig;

    fn from_config(config: PoseConfig) -> Result<Self> {
        let values = [
            ("alpha", config.alpha),
            ("sigma_px", config.sigma_px.into()),
        ];
        match values
            .into_iter()
            .find(|(_, v)| !(*v > 0.0 && v.is_finite()))
        {
            Some((name, value)) => Err(Error::invalid(name, value, "a positive number")),
            None => Ok(Self { config }),
        }
    }
}

impl Task for Pose {
    fn labels(&self) -> LabelKind {
        LabelKind::Keypoints
    }

    fn output_channels(&self, data: &DataInfo) -> Result<usize> {
        Ok(data.joints.len().max(1))
    }

    fn loss(&self) -> Loss {
        let sigma_px = self.config.sigma_px;
        Loss::Heatmap { sigma_px }
    }

    fn scorer(&self, data: &DataInfo) -> Result<Box<dyn Scorer>> {
        Ok(Box::new(PoseScorer {
            joints: self.output_channels(data)?,
            names: data.joints.clone(),
            pck: Pck::of(self.config.alpha),
        }))
    }

    /// `pck_auc`: the mean, over the tolerances α/2, α, 2α and 4α, of the area under the PCK curve
    /// up to there. The paper searches on segmentation only; this reward is ours. PCK at one
    /// tolerance is a step function of the error: 0 for all networks that are too coarse and 1 for
    /// all that are fine enough. The area changes with the error of every joint, and the doubling
    /// tolerances keep it sensitive at both ends: an error of 3α earns 0.06, of α 0.31, of α/4
    /// 0.77.
    fn reward(&self, metrics: &Metrics) -> Result<f64> {
        Ok(metrics.get("pck_auc").unwrap_or(0.0).clamp(0.0, 1.0))
    }

    fn headline(&self) -> &'static [&'static str] {
        &["pck", "mean_error"]
    }
}

struct PoseScorer {
    joints: usize,
    names: Vec<String>,
    pck: Pck,
}

impl Scorer for PoseScorer {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        let Label::Keypoints {
            points,
            reference_px,
        } = truth
        else {
            return Err(truth.unlike(LabelKind::Keypoints));
        };
        prediction.check(self.joints, truth)?;
        let found: Option<Vec<(f32, f32)>> = (0..self.joints)
            .map(|joint| peak(prediction, joint))
            .collect();
        match found {
            Some(found) => self.pck.add(&found, points, *reference_px),
            None => Err(Error::invalid(
                "prediction",
                "no pixels",
                "at least one pixel",
            )),
        }
    }

    fn metrics(&self) -> Result<Metrics> {
        let items = self.pck.of_joints(&self.names);
        Ok(with_items(&self.pck.metrics(), items))
    }
}

nasfw_sdk::register!(task, Pose, plugin: "builtin", name: "pose",
    about: "keypoints by heatmaps: share of correct keypoints");
