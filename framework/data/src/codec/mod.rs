//! Image files in and out.
//!
//! Colour images come through the `image` crate. Label maps come through the `png` crate, because
//! their stored numbers matter: a mask's palette index is the class, while `image` would give the
//! palette's colour, and a grey mask of 1, 2 or 4 bits must not be stretched to 0..255.

mod encode;
mod jpeg;
mod map;
mod rgb;
mod write;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use nasfw_sdk::Size;

use crate::error::DataError;

pub use encode::{jpeg_bytes, palette_png_bytes};
pub use map::{read_depth_png, read_indexed_png};
pub use rgb::read_rgb;
pub use write::{write_depth_png, write_indexed_png, write_palette_png, write_png_rgb};

/// The most pixels an image may have, so that a damaged or hostile header cannot claim all memory.
pub const MAX_PIXELS: u64 = 64_000_000;

/// The most bytes a decoder may claim: the largest image at 8 bytes a pixel.
const MAX_BYTES: u64 = MAX_PIXELS * 8;

pub(crate) fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> DataError + '_ {
    move |source| DataError::Io {
        path: path.to_owned(),
        source,
    }
}

fn open(path: &Path) -> Result<BufReader<File>, DataError> {
    Ok(BufReader::new(File::open(path).map_err(io_error(path))?))
}

fn check_size(path: &Path, width: u32, height: u32) -> Result<Size, DataError> {
    let size = Size::new(width as usize, height as usize);
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(DataError::TooLarge {
            path: path.to_owned(),
            size,
            limit: MAX_PIXELS,
        });
    }
    Ok(size)
}
