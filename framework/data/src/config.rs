//! The `data` table of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::format::Format;

/// The source of images and labels.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// The data set's folder; unset, the generator makes the images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The layout of the folder.
    pub format: Format,
    /// Units per metre of a 16-bit depth PNG, above 0: 1000 for millimetres.
    pub depth_scale: f64,
    /// The mask value of pixels that do not count.
    pub ignore: u8,
    /// Number of classes, 0 to 255. 0: from `labels.txt`, or else one more than the largest mask
    /// value.
    pub classes: usize,
    /// COCO: how far, 0 to 10, the crop goes beyond the object's box on each side, as a share of
    /// the box's longer side.
    pub box_margin: f64,
    /// Groups of samples that stay on one side of every split that the program makes, between
    /// meta-training and meta-validation first of all: frames of one video, say. A regular expression,
    /// whose first parenthesis, or else all of it, is the group in a sample's name (`^(.*)_` for
    /// `walk_0001`), or `@FILE`, a list in the data folder with a line `NAME GROUP` for each sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Settings of the generator, used when there is no path.
    pub generator: GeneratorConfig,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            path: None,
            format: Format::Auto,
            depth_scale: 1000.0,
            ignore: 255,
            classes: 0,
            box_margin: 0.1,
            group: None,
            generator: GeneratorConfig::default(),
        }
    }
}

impl DataConfig {
    /// Checks every value; [`open`](crate::open) does this first.
    ///
    /// # Errors
    /// [`DataError::Setting`] for the first value out of its range.
    pub fn validate(&self) -> Result<(), DataError> {
        let setting = |name, value: String, expected| {
            Err(DataError::Setting {
                name,
                value,
                expected,
            })
        };
        if !(self.depth_scale.is_finite() && self.depth_scale > 0.0) {
            let value = self.depth_scale.to_string();
            return setting("depth_scale", value, "a number above 0");
        }
        if !(0.0..=10.0).contains(&self.box_margin) {
            return setting("box_margin", self.box_margin.to_string(), "0 to 10");
        }
        if self.classes > 255 {
            return setting("classes", self.classes.to_string(), "0 to 255");
        }
        let generator = &self.generator;
        if !(16..=1024).contains(&generator.side_px) {
            let value = generator.side_px.to_string();
            return setting("generator.side_px", value, "16 to 1024");
        }
        for (name, count) in [
            ("generator.train", generator.train),
            ("generator.val", generator.val),
        ] {
            if !(1..=10_000_000).contains(&count) {
                return setting(name, count.to_string(), "1 to 10000000");
            }
        }
        Ok(())
    }
}

/// Settings of the generator. The defaults keep a demonstration to minutes.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct GeneratorConfig {
    /// Training images, 1 to 10,000,000.
    pub train: usize,
    /// Validation images, 1 to 10,000,000.
    pub val: usize,
    /// Side of the square images in pixels, 16 to 1024.
    pub side_px: usize,
    /// Seed of all scenes.
    pub seed: u64,
}

impl Default for GeneratorConfig {
    fn default() -> Self {
        Self {
            train: 400,
            val: 80,
            side_px: 96,
            seed: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_is_left_out_has_its_default_and_slips_are_errors() {
        let text = r#"{"path": "x", "format": "rgbd", "generator": {"side_px": 64}}"#;
        let config: DataConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.format, Format::Rgbd);
        assert_eq!((config.depth_scale, config.ignore), (1000.0, 255));
        assert_eq!(
            (config.generator.side_px, config.generator.train),
            (64, 400)
        );
        let again = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<DataConfig>(&again).unwrap(), config);
        let slip = serde_json::from_str::<DataConfig>(r#"{"depth_scal": 1}"#).unwrap_err();
        assert!(slip.to_string().contains("`depth_scale`"), "{slip}");
        assert!(DataConfig::default().validate().is_ok());
    }
}
