//! Percentage of correct keypoints (PCK).

use nasfw_sdk::{Error, Keypoint, Metrics, Result};

use super::{WORST_ERROR, finite};

/// Tolerances of `pck_auc`, in units of `alpha`.
const GRADES: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// Accumulates the errors of joints over a whole set.
///
/// An error is the distance to the truth divided by the image's reference length: PCK with the
/// longer side of the box (Yang & Ramanan 2013), PCKh with the head segment (Andriluka et al.
/// 2014). Joints that are not visible do not count.
///
/// ```
/// use nasfw_sdk::Keypoint;
/// let truth = [10.0, 20.0].map(|x_px| Keypoint { x_px, y_px: 5.0, visible: true });
/// let mut pck = nasfw_plugins::tasks::Pck::new(0.1)?;
/// pck.add(&[(11.0, 5.0), (30.0, 5.0)], &truth, 50.0)?; // off by 0.02 and 0.2
/// assert_eq!(pck.metrics().get("pck"), Some(0.5));
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pck {
    alpha: f64,
    all: Tally,
    /// Sums per joint.
    each: Vec<Tally>,
}

/// Sums over joints.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    joints: u64,
    within_alpha: u64,
    within_02: u64,
    error: f64,
    graded: f64,
}

impl Pck {
    /// An empty count with the tolerance `alpha` in reference lengths.
    ///
    /// # Errors
    /// When `alpha` is not a positive number.
    pub fn new(alpha: f64) -> Result<Self> {
        if !(alpha > 0.0 && alpha.is_finite()) {
            return Err(Error::invalid("alpha", alpha, "a positive number"));
        }
        Ok(Self::of(alpha))
    }

    /// An empty count for an `alpha` that has been checked.
    pub(super) fn of(alpha: f64) -> Self {
        Self {
            alpha,
            all: Tally::default(),
            each: Vec::new(),
        }
    }

    /// Adds the joints of one image: predicted `(x, y)` and ground truth in pixels of that image.
    ///
    /// # Errors
    /// When the numbers of joints differ, a predicted position is not finite, or joints are
    /// visible and the reference length is not positive; nothing is added then.
    pub fn add(
        &mut self,
        points_px: &[(f32, f32)],
        truth: &[Keypoint],
        reference_px: f32,
    ) -> Result<()> {
        if points_px.len() != truth.len() {
            return Err(Error::invalid(
                "prediction",
                format!("{} joints", points_px.len()),
                format!("the ground truth has {}", truth.len()),
            ));
        }
        let visible: Vec<_> = (points_px.iter().zip(truth).enumerate())
            .filter(|(_, (_, t))| t.visible)
            .collect();
        let is_length = reference_px > 0.0 && reference_px.is_finite();
        if !visible.is_empty() && !is_length {
            return Err(Error::invalid(
                "reference length",
                reference_px,
                "a positive number of pixels",
            ));
        }
        let errors: Vec<(usize, f64)> = (visible.into_iter())
            .map(|(joint, (&(x, y), t))| {
                let (dx, dy) = (
                    f64::from(x) - f64::from(t.x_px),
                    f64::from(y) - f64::from(t.y_px),
                );
                (joint, dx.hypot(dy) / f64::from(reference_px))
            })
            .collect();
        if let Some((_, bad)) = errors.iter().find(|(_, e)| !e.is_finite()) {
            return Err(Error::invalid(
                "joint error",
                bad,
                "positions must be finite",
            ));
        }
        if self.each.len() < truth.len() {
            self.each.resize(truth.len(), Tally::default());
        }
        for (joint, error) in errors {
            self.all.add(error, self.alpha);
            self.each[joint].add(error, self.alpha);
        }
        Ok(())
    }

    /// Number of visible joints so far.
    pub fn joints(&self) -> u64 {
        self.all.joints
    }

    /// `pck`, the share of joints within `alpha`; `pck_02`, within 0.2; `mean_error` in reference
    /// lengths; and `pck_auc`, the mean over the tolerances α/2, α, 2α and 4α of the area under
    /// the PCK curve up to there.
    /// Without any joint, shares are 0 and the error is [`WORST_ERROR`].
    pub fn metrics(&self) -> Metrics {
        let all = &self.all;
        finite([
            ("pck", all.mean(all.within_alpha as f64, 0.0)),
            ("pck_02", all.mean(all.within_02 as f64, 0.0)),
            ("mean_error", all.mean(all.error, WORST_ERROR)),
            ("pck_auc", all.mean(all.graded, 0.0)),
        ])
    }

    /// `(metric, joint, value)` of every joint that was visible somewhere: its `pck`, `pck_02` and
    /// `mean_error`. `names` are in the order of the joints.
    pub fn of_joints<'a>(
        &'a self,
        names: &'a [String],
    ) -> impl Iterator<Item = (&'static str, &'a str, f64)> {
        let seen = (self.each.iter().zip(names)).filter(|(tally, _)| tally.joints > 0);
        seen.flat_map(|(tally, name)| {
            let mean = |sum| tally.mean(sum, 0.0);
            [
                ("pck", name.as_str(), mean(tally.within_alpha as f64)),
                ("pck_02", name.as_str(), mean(tally.within_02 as f64)),
                ("mean_error", name.as_str(), mean(tally.error)),
            ]
        })
    }
}

impl Tally {
    fn add(&mut self, error: f64, alpha: f64) {
        self.joints += 1;
        self.within_alpha += u64::from(error <= alpha);
        self.within_02 += u64::from(error <= 0.2);
        self.error += error.min(WORST_ERROR);
        self.graded += grade(error, alpha);
    }

    fn mean(&self, sum: f64, of_nothing: f64) -> f64 {
        match self.joints {
            0 => of_nothing,
            joints => sum / joints as f64,
        }
    }
}

/// Contribution of one joint to the areas: ∫₀ᴬ [error ≤ t] dt / A = max(0, 1 − error / A).
fn grade(error: f64, alpha: f64) -> f64 {
    let areas = GRADES.map(|g| (1.0 - error / (g * alpha)).max(0.0));
    areas.iter().sum::<f64>() / GRADES.len() as f64
}
