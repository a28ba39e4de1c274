//! Data sets for dense prediction: readers, splits, augmentation and a procedural scene generator.
//!
//! [`open`] turns the `data` table of a configuration ([`DataConfig`]) into a [`Source`]: a
//! training and a validation [`Dataset`] that can be read sample by sample from several threads.
//! Without a path the source is the [`generator`], which needs no files and has every kind of
//! label.
//!
//! | format | folders | labels |
//! |---|---|---|
//! | `voc` | `JPEGImages/ SegmentationClass/ ImageSets/Segmentation/{train,val}.txt` | classes |
//! | `folders` | `images/ masks/`, or those below `train/` and `val/` | classes |
//! | `rgbd` | `rgb/ depth/`, optional `seg/`, `train.txt`, `val.txt` | depth, classes |
//! | `coco` | `images/ annotations/{train,val}.json` | keypoints |
//!
//! A [`Transform`] makes a sample into a network's input. Everything wrong with a set is reported
//! as a [`DataError`] that names the file and the value; [`check`] finds all of it at once.
//!
//! ```
//! use nasfw_data::{DataConfig, Transform, open};
//! use nasfw_sdk::{LabelKind, Seed};
//!
//! let config = DataConfig::default(); // no path: the generator
//! let source = open(&config, LabelKind::Classes)?;
//! let sample = source.train.read(0)?;
//! let transform = Transform::new(96, 64);
//! let mut rng = Seed(1).stream("augmentation/0");
//! let prepared = transform.train(&sample, &source.info, config.ignore, &mut rng);
//! assert_eq!(prepared.image.len(), 64 * 64 * 3);
//! # Ok::<(), nasfw_data::DataError>(())
//! ```

mod cache;
mod check;
pub mod codec;
pub mod config;
pub mod error;
mod format;
pub mod generator;
mod groups;
mod open;
pub mod readers;
pub mod sample;
pub mod split;
pub mod transform;

pub use cache::Cached;
pub use check::check;
pub use codec::{
    jpeg_bytes, palette_png_bytes, read_depth_png, read_indexed_png, read_rgb, write_depth_png,
    write_indexed_png, write_palette_png, write_png_rgb,
};
pub use config::{DataConfig, GeneratorConfig};
pub use error::DataError;
pub use format::Format;
pub use groups::Groups;
pub use open::open;
pub use readers::coco::{CocoFile, KeypointResult, read_keypoint_results};
pub use sample::{Dataset, Image, Sample, Source};
pub use split::meta_split;
pub use transform::{Prepared, TooLarge, Transform, resize_label};
