//! Tasks: loss, metrics and reward.
//!
//! A task names the labels that it needs, the network's output channels and the loss that the
//! engine runs on the device, and turns predictions into metrics and one reward.
//!
//! | file | holds |
//! |---|---|
//! | `segmentation.rs` | semantic segmentation: settings, reward, scorer |
//! | `confusion.rs` | its counters: confusion matrix, IoU, accuracy |
//! | `depth.rs` | monocular depth in metres: settings, reward, scorer |
//! | `depth_errors.rs` | its counters: rms, relative errors, thresholds |
//! | `pose.rs` | single-person pose by heatmaps: settings, reward, scorer |
//! | `pck.rs` | its counters: share of correct keypoints |
//! | `peak.rs` | sub-pixel position of a heatmap's peak |
//!
//! The counters ([`ConfusionMatrix`], [`DepthErrors`], [`Pck`]) also work on their own,
//! on class maps, depth maps and keypoints that no network of this program made.
//!
//! # Adding a task
//!
//! Write one file here with a settings struct (`Default` is the documented default), implement
//! [`FromConfig`](nasfw_sdk::registry::FromConfig) and [`Task`](nasfw_sdk::Task), and end it with
//! [`register!`](nasfw_sdk::register). The reward lies in [0, 1], improves with every metric that
//! it uses, and distinguishes networks that are still bad: a search trains each for minutes. A
//! prediction that is not finite is an error, not a bad score. Then run `testing::check_task` on
//! it.

mod confusion;
mod depth;
mod depth_errors;
mod pck;
mod peak;
mod pose;
mod segmentation;

pub use confusion::ConfusionMatrix;
pub use depth::Depth;
pub use depth_errors::DepthErrors;
pub use pck::Pck;
pub use peak::peak;
pub use pose::{Pose, PoseConfig};
pub use segmentation::{Segmentation, SegmentationConfig};

/// The value of an error metric without any sample, and its upper bound: worse than any real error,
/// but finite, so that it can be averaged and printed.
pub const WORST_ERROR: f64 = 1e6;

/// Adds metrics of single classes or joints, `(metric, item, value)`, to `metrics`.
fn with_items<'a>(
    metrics: &nasfw_sdk::Metrics,
    items: impl IntoIterator<Item = (&'static str, &'a str, f64)>,
) -> nasfw_sdk::Metrics {
    let all = metrics.iter().map(|(name, value)| (name.to_owned(), value));
    let items = items.into_iter();
    finite(all.chain(items.map(|(metric, item, value)| (format!("{metric}/{item}"), value))))
}

/// Metrics of values that are finite by construction.
fn finite<N: Into<String>>(values: impl IntoIterator<Item = (N, f64)>) -> nasfw_sdk::Metrics {
    // Sums of finite terms divided by positive counts are finite; an error would mean an overflow,
    // for which no metrics are the best answer.
    nasfw_sdk::Metrics::new(values).unwrap_or_default()
}
