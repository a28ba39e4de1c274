//! Confusion matrix and the metrics of semantic segmentation.

use nasfw_sdk::{Error, Metrics, Result};

use super::finite;

/// Counts pixels by true and predicted class.
///
/// Metrics average over the classes that occur in the ground truth. A class that is predicted but
/// does not occur has no row of its own: its pixels count as misses of their true classes.
///
/// ```
/// let mut matrix = nasfw_plugins::tasks::ConfusionMatrix::new(3, 255);
/// matrix.add(&[0, 1, 1, 2], &[0, 1, 2, 255])?;
/// // IoU 1/1, 1/2 and 0/1; the last pixel is ignored.
/// assert_eq!(matrix.miou(), 0.5);
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    ignore: u8,
    /// `counts[truth * classes + predicted]`.
    counts: Vec<u64>,
}

/// Means over a set of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Means {
    iou: f64,
    frequency_weighted_iou: f64,
    accuracy: f64,
}

impl ConfusionMatrix {
    /// An empty matrix of `classes` classes, at most 256; pixels whose ground truth is `ignore` do
    /// not count.
    pub fn new(classes: usize, ignore: u8) -> Self {
        let classes = classes.min(256);
        Self {
            classes,
            ignore,
            counts: vec![0; classes * classes],
        }
    }

    /// Adds pixels, given in the same order.
    ///
    /// # Errors
    /// When the numbers of pixels differ or a class is out of range; nothing is added then.
    pub fn add(&mut self, predicted: &[u8], truth: &[u8]) -> Result<()> {
        if predicted.len() != truth.len() {
            return Err(Error::invalid(
                "prediction",
                format!("{} pixels", predicted.len()),
                format!("the ground truth has {}", truth.len()),
            ));
        }
        let scored = || (predicted.iter().zip(truth)).filter(|(_, t)| **t != self.ignore);
        for (&p, &t) in scored() {
            for (what, class) in [("truth", t), ("prediction", p)] {
                if usize::from(class) >= self.classes {
                    return Err(Error::invalid(
                        format!("class in {what}"),
                        class,
                        format!(
                            "0 to {}, or {} for no class",
                            self.classes.saturating_sub(1),
                            self.ignore
                        ),
                    ));
                }
            }
        }
        for (&p, &t) in predicted.iter().zip(truth) {
            if t != self.ignore {
                self.counts[usize::from(t) * self.classes + usize::from(p)] += 1;
            }
        }
        Ok(())
    }

    /// Mean over classes of intersection over union.
    pub fn miou(&self) -> f64 {
        self.means(0).iou
    }

    /// Intersection over union, weighted by each class's share of the true pixels.
    pub fn fwiou(&self) -> f64 {
        self.means(0).frequency_weighted_iou
    }

    /// Mean over classes of pixel accuracy.
    pub fn macc(&self) -> f64 {
        self.means(0).accuracy
    }

    /// Accuracy over all pixels.
    pub fn pixel_acc(&self) -> f64 {
        let hits: u64 = (0..self.classes).map(|c| self.hits(c)).sum();
        ratio(hits, self.counts.iter().sum())
    }

    /// Intersection over union of `class`; `None` when it does not occur in the ground truth.
    pub fn iou(&self, class: usize) -> Option<f64> {
        (class < self.classes && self.true_pixels(class) > 0).then(|| self.iou_of(class))
    }

    /// `miou`, `fwiou`, `macc` and `pixel_acc` over all classes, and the first three with
    /// `_fg` over all but the background, class 0. All are 0 when nothing was added.
    pub fn metrics(&self) -> Metrics {
        let (all, foreground) = (self.means(0), self.means(1));
        finite([
            ("miou", all.iou),
            ("fwiou", all.frequency_weighted_iou),
            ("macc", all.accuracy),
            ("pixel_acc", self.pixel_acc()),
            ("miou_fg", foreground.iou),
            ("fwiou_fg", foreground.frequency_weighted_iou),
            ("macc_fg", foreground.accuracy),
        ])
    }

    /// `(metric, class, value)` of every class that occurs in the ground truth: its `iou` and its
    /// `pixel_acc`, the share of its pixels predicted correctly. `names` are in the order of the
    /// classes.
    pub fn of_classes<'a>(
        &'a self,
        names: &'a [String],
    ) -> impl Iterator<Item = (&'static str, &'a str, f64)> {
        let present = (0..self.classes)
            .zip(names)
            .filter(|(c, _)| self.true_pixels(*c) > 0);
        present.flat_map(|(class, name)| {
            let found = ratio(self.hits(class), self.true_pixels(class));
            [
                ("iou", name.as_str(), self.iou_of(class)),
                ("pixel_acc", name.as_str(), found),
            ]
        })
    }

    /// Means over the classes from `first` on that occur in the ground truth.
    ///
    /// Excluding the background only drops its row from the means: background pixels predicted as a
    /// class still enlarge that class's union.
    fn means(&self, first: usize) -> Means {
        let present: Vec<usize> = (first..self.classes)
            .filter(|&class| self.true_pixels(class) > 0)
            .collect();
        if present.is_empty() {
            return Means::default();
        }
        let pixels: u64 = present.iter().map(|&c| self.true_pixels(c)).sum();
        let mean = |value: &dyn Fn(usize) -> f64| {
            present.iter().map(|&c| value(c)).sum::<f64>() / present.len() as f64
        };
        Means {
            iou: mean(&|c| self.iou_of(c)),
            frequency_weighted_iou: (present.iter())
                .map(|&c| ratio(self.true_pixels(c), pixels) * self.iou_of(c))
                .sum(),
            accuracy: mean(&|c| ratio(self.hits(c), self.true_pixels(c))),
        }
    }

    fn hits(&self, class: usize) -> u64 {
        self.counts[class * self.classes + class]
    }

    fn true_pixels(&self, class: usize) -> u64 {
        self.counts[class * self.classes..][..self.classes]
            .iter()
            .sum()
    }

    fn predicted_pixels(&self, class: usize) -> u64 {
        (0..self.classes)
            .map(|t| self.counts[t * self.classes + class])
            .sum()
    }

    fn iou_of(&self, class: usize) -> f64 {
        let union = self.true_pixels(class) + self.predicted_pixels(class) - self.hits(class);
        ratio(self.hits(class), union)
    }
}

/// `part / whole`; 0 when `whole` is 0.
fn ratio(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}
