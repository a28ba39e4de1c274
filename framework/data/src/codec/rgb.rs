//! Colour images.

use std::io::{BufRead, Seek};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{MAX_BYTES, check_size, io_error, jpeg, open};
use crate::error::DataError;
use crate::sample::Image;

const EXPECTED: &str = "PNG or JPEG image";

/// Reads a PNG or JPEG as RGB, whatever its file name says. Grey becomes three equal channels,
/// transparency is dropped, 16 bits become 8. An orientation in the EXIF data is not applied, since
/// labels are drawn on the stored pixels.
///
/// # Errors
/// When the file cannot be read, is damaged or cut short, is neither PNG nor JPEG, or is larger
/// than [`MAX_PIXELS`](super::MAX_PIXELS).
pub fn read_rgb(path: &Path) -> Result<Image, DataError> {
    let failed = |error: ImageError| DataError::Decode {
        path: path.to_owned(),
        reason: error.to_string(),
        expected: EXPECTED,
    };
    let mut file = open(path)?;
    if file
        .fill_buf()
        .map_err(io_error(path))?
        .starts_with(&jpeg::START)
    {
        let complete = jpeg::is_complete(&mut file).map_err(io_error(path))?;
        if !complete {
            // The decoder would silently fill the lost part with grey.
            return Err(DataError::Decode {
                path: path.to_owned(),
                reason: "the file ends before the image does".to_owned(),
                expected: EXPECTED,
            });
        }
        file.rewind().map_err(io_error(path))?;
    }
    let mut reader = ImageReader::new(file)
        .with_guessed_format()
        .map_err(io_error(path))?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(DataError::Decode {
            path: path.to_owned(),
            reason: "its first bytes are of no PNG or JPEG".to_owned(),
            expected: EXPECTED,
        });
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    let size = check_size(path, width, height)?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(failed)?;
    Ok(Image {
        size,
        pixels: decoded.into_rgb8().into_raw(),
    })
}
