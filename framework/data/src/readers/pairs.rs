//! Sets whose samples are an image file and a label map file.

use std::path::PathBuf;

use rayon::prelude::*;

use nasfw_sdk::{Label, Size};

use crate::codec::{read_depth_png, read_indexed_png, read_rgb};
use crate::error::DataError;
use crate::sample::{Dataset, Sample};

/// An image and its label map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) image: PathBuf,
    pub(super) map: PathBuf,
}

/// The meaning of the values in map files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MapKind {
    /// The stored value is the class, below `count`, or `ignore`.
    Classes { count: usize, ignore: u8 },
    /// `scale` units are a metre, 0 is no depth.
    Depth { scale: f64 },
}

/// One split of a set of pairs.
pub(super) struct PairSet {
    pairs: Vec<Pair>,
    map: MapKind,
}

impl PairSet {
    pub(super) fn new(pairs: Vec<Pair>, map: MapKind) -> Self {
        Self { pairs, map }
    }
}

impl Dataset for PairSet {
    fn len(&self) -> usize {
        self.pairs.len()
    }

    fn name(&self, index: usize) -> String {
        match self.pairs.get(index) {
            Some(pair) => pair.name.clone(),
            None => format!("sample {index}"),
        }
    }

    fn read(&self, index: usize) -> Result<Sample, DataError> {
        let pair = self.pairs.get(index).ok_or(DataError::NoSample {
            index,
            len: self.pairs.len(),
        })?;
        let image = read_rgb(&pair.image)?;
        let (size, label) = match self.map {
            MapKind::Classes { count, ignore } => {
                let (size, values) = read_indexed_png(&pair.map)?;
                let Size { width, height } = size;
                if let Some(at) = values
                    .iter()
                    .position(|&v| usize::from(v) >= count && v != ignore)
                {
                    return Err(DataError::ClassRange {
                        path: pair.map.clone(),
                        x: at % width,
                        y: at / width,
                        value: values[at],
                        classes: count,
                        ignore,
                    });
                }
                if values.iter().all(|&v| v == ignore) {
                    return Err(DataError::NothingLabelled {
                        path: pair.map.clone(),
                        nothing: format!("every pixel is {ignore}, which is ignored"),
                    });
                }
                let label = Label::Classes {
                    width,
                    height,
                    values,
                };
                (size, label)
            }
            MapKind::Depth { scale } => {
                let (size, values) = read_depth_png(&pair.map, scale)?;
                let Size { width, height } = size;
                if !values.iter().any(|&depth| depth > 0.0) {
                    return Err(DataError::NothingLabelled {
                        path: pair.map.clone(),
                        nothing: "every depth is 0, no pixel is valid".to_owned(),
                    });
                }
                let label = Label::Depth {
                    width,
                    height,
                    values,
                };
                (size, label)
            }
        };
        if image.size != size {
            return Err(DataError::SizeMismatch {
                image: pair.image.clone(),
                image_size: image.size,
                label: pair.map.clone(),
                label_size: size,
            });
        }
        Ok(Sample { image, label })
    }
}

/// The largest value other than `ignore` in any of the masks.
///
/// Masks that cannot be read are skipped as long as others have a class: a check of all samples
/// finds every one of them, this would find only the first.
pub(super) fn largest_class<'a>(
    pairs: impl Iterator<Item = &'a Pair>,
    ignore: u8,
) -> Result<usize, DataError> {
    let pairs: Vec<&Pair> = pairs.collect();
    let largest: Vec<Result<u8, DataError>> = pairs
        .par_iter()
        .map(|pair| {
            let (_, values) = read_indexed_png(&pair.map)?;
            Ok(values
                .into_iter()
                .filter(|&v| v != ignore)
                .max()
                .unwrap_or(0))
        })
        .collect();
    match largest.iter().flatten().max() {
        Some(&largest) if largest > 0 => Ok(usize::from(largest)),
        _ => {
            let all: Vec<u8> = largest.into_iter().collect::<Result<_, _>>()?;
            Ok(usize::from(all.into_iter().max().unwrap_or(0)))
        }
    }
}
