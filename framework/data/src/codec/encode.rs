//! Pictures in memory, to be put into something else.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use nasfw_sdk::Size;
use png::{BitDepth, ColorType};

use super::write::encode;
use crate::sample::Image;

/// Quality, of 100, at which JPEG's losses are not seen in photographs.
const QUALITY: u8 = 88;

/// Encodes an image as the bytes of a JPEG file.
///
/// # Errors
/// The reason: a side of 0, or `pixels` of another length than `height * width * 3`.
pub fn jpeg_bytes(image: &Image) -> Result<Vec<u8>, String> {
    let side = |n: usize| u32::try_from(n).map_err(|e| e.to_string());
    let (width, height) = (side(image.size.width)?, side(image.size.height)?);
    if image.pixels.len() != image.size.area() * 3 || image.pixels.is_empty() {
        let (values, size) = (image.pixels.len(), image.size);
        return Err(format!("{values} values for an image of {size} pixels"));
    }
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode(&image.pixels, width, height, ExtendedColorType::Rgb8)
        .map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// Encodes a map of values as the bytes of a PNG file in the colours of a palette.
///
/// # Errors
/// The reason: a side of 0, or not `height * width` values.
pub fn palette_png_bytes(
    size: Size,
    values: &[u8],
    colour: impl Fn(u8) -> [u8; 3],
) -> Result<Vec<u8>, String> {
    let palette = Some((0..=255).flat_map(colour).collect());
    let mut bytes = Vec::new();
    let color = ColorType::Indexed;
    encode(&mut bytes, size, color, BitDepth::Eight, palette, values).map_err(|e| e.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn pictures_can_be_read_again() {
        let image = Image {
            size: Size::new(16, 8),
            pixels: vec![120; 16 * 8 * 3],
        };
        let read = image::load_from_memory(&jpeg_bytes(&image).unwrap()).unwrap();
        let read = read.to_rgb8();
        assert_eq!((read.width(), read.height()), (16, 8));
        assert!(read.as_raw().iter().all(|v| v.abs_diff(120) < 3));
        let mask = palette_png_bytes(Size::new(2, 1), &[0, 200], |i| [i; 3]).unwrap();
        let read = image::load_from_memory(&mask).unwrap().to_rgb8();
        assert_eq!(read.as_raw(), &[0, 0, 0, 200, 200, 200]);
    }

    #[test]
    fn wrong_sizes_are_errors() {
        let image = Image {
            size: Size::new(3, 2),
            pixels: vec![0; 17],
        };
        assert!(jpeg_bytes(&image).is_err());
        assert!(palette_png_bytes(Size::new(3, 2), &[0; 5], |i| [i; 3]).is_err());
        assert!(palette_png_bytes(Size::new(0, 2), &[], |i| [i; 3]).is_err());
    }
}
