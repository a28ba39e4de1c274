//! The way from a sample to a network's input: scaling, flipping, cropping, normalising.
//!
//! The recipe is that of the method: scale by U(0.7, 1.4) but never below a set shorter side, flip
//! half of the time, crop at random, RGB / 255 less ImageNet's mean over its standard deviation.
//! The random scale multiplies the set shorter side rather than the image's own, so that a network
//! trains on things as large as in evaluation, however large the files are.
//!
//! Images are resized bilinearly, with a wider filter when they shrink (antialiasing). Class and
//! depth maps are resized to the nearest value, so that no class is invented and valid depths never
//! mix with invalid ones. Scaling an image leaves its depths in metres as they are: the network is
//! to read size and context together, as usual in training on NYU Depth v2 without ray maps.

mod geometry;
mod image;
mod label;
mod limit;

use rand::RngExt;

use nasfw_sdk::{DataInfo, Label, LabelKind, Rng, Size};

use self::geometry::Geometry;
use crate::sample::{Image, Sample};

pub use self::label::resize_label;
pub use self::limit::TooLarge;

/// Mean of ImageNet's RGB / 255.
pub const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of ImageNet's RGB / 255.
pub const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// The scaling, flipping and cropping of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// Length of the shorter side after scaling, in pixels.
    pub shorter_side_px: usize,
    /// Side of the square crop in pixels.
    pub crop_px: usize,
    /// Bounds of the random scale in training, relative to `shorter_side_px`.
    pub scale: (f64, f64),
    /// The smallest scale in training; anything drawn below it becomes it.
    pub min_scale: f64,
    /// Probability of a left-right flip in training.
    pub flip: f64,
}

/// A sample ready for a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// `(height, width, 3)` row-major: RGB / 255 less [`MEAN`] over [`STD`]; 0 where padded.
    pub image: Vec<f32>,
    /// The label: a map of the same size (padded with the ignore value, or depth 0), or points in
    /// pixels of `image`, those outside it invisible.
    pub label: Label,
    /// Its size.
    pub size_px: Size,
}

impl Transform {
    /// The method's augmentation for a shorter side and a crop in pixels.
    pub fn new(shorter_side_px: usize, crop_px: usize) -> Self {
        Self {
            shorter_side_px,
            crop_px,
            scale: (0.7, 1.4),
            min_scale: 1.0,
            flip: 0.5,
        }
    }

    /// A random view for training: the shorter side becomes `s` times `shorter_side_px` with `s`
    /// uniform in `scale`, but at least `min_scale`; then a flip with probability `flip`, if the
    /// set allows flips (`info.flip_pairs` for keypoints; maps always do), then a random crop. A
    /// scaled image smaller than the crop lands anywhere in it, padded.
    ///
    /// Every call draws four numbers from `rng`, whatever the sample.
    pub fn train(&self, sample: &Sample, info: &DataInfo, ignore: u8, rng: &mut Rng) -> Prepared {
        let mut draw = || rng.random::<f64>();
        let [s, flip, across, down] = [draw(), draw(), draw(), draw()];
        let (low, high) = self.scale;
        // The cast saturates and takes NaN to 0.
        let side_px = |scale: f64| (self.shorter_side_px as f64 * scale).round() as usize;
        let scaled = side_px(low + (high - low) * s).max(side_px(self.min_scale));
        let can_flip = sample.label.kind() != LabelKind::Keypoints || info.flip_pairs.is_some();
        let geometry = Geometry::scaled(sample.image.size, scaled)
            .crop(self.crop_px, across, down)
            .flip(can_flip && flip < self.flip);
        apply(sample, info, ignore, &geometry)
    }

    /// The middle of the image at `shorter_side_px`, without chance, padded to `crop_px` where the
    /// scaled image is smaller.
    pub fn eval(&self, sample: &Sample, info: &DataInfo, ignore: u8) -> Prepared {
        let geometry =
            Geometry::scaled(sample.image.size, self.shorter_side_px).crop(self.crop_px, 0.5, 0.5);
        apply(sample, info, ignore, &geometry)
    }

    /// The image of [`whole`](Self::whole) without a label: `(height, width, 3)` values,
    /// and its size.
    pub fn image(&self, image: &Image) -> (Vec<f32>, Size) {
        let geometry = Geometry::scaled(image.size, self.shorter_side_px);
        (image::resample(image, &geometry), geometry.out)
    }

    /// The size of [`whole`](Self::whole) images, given that in the file.
    pub fn scaled_px(&self, size: Size) -> Size {
        Geometry::scaled(size, self.shorter_side_px).scaled
    }

    /// The whole image with its shorter side at `shorter_side_px`, uncropped.
    pub fn whole(&self, sample: &Sample, info: &DataInfo, ignore: u8) -> Prepared {
        let geometry = Geometry::scaled(sample.image.size, self.shorter_side_px);
        apply(sample, info, ignore, &geometry)
    }

    /// [`whole`](Self::whole) as a sample again, its image in bytes.
    pub fn shown(&self, sample: &Sample, info: &DataInfo, ignore: u8) -> Sample {
        let whole = self.whole(sample, info, ignore);
        let values = whole.image.iter().enumerate();
        // The cast saturates at both ends.
        let byte = |(at, value): (usize, &f32)| {
            ((value * STD[at % 3] + MEAN[at % 3]) * 255.0).round() as u8
        };
        let image = Image {
            size: whole.size_px,
            pixels: values.map(byte).collect(),
        };
        let label = whole.label;
        Sample { image, label }
    }
}

fn apply(sample: &Sample, info: &DataInfo, ignore: u8, geometry: &Geometry) -> Prepared {
    Prepared {
        image: image::resample(&sample.image, geometry),
        label: label::transform(&sample.label, info, ignore, geometry),
        size_px: geometry.out,
    }
}
