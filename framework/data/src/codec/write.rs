//! Writing images and label maps as PNG.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use nasfw_sdk::Size;
use png::{BitDepth, ColorType, Encoder, EncodingError};

use super::io_error;
use crate::error::DataError;
use crate::sample::Image;

/// Writes an image as an 8-bit RGB PNG, over any file of that name.
///
/// # Errors
/// When the file cannot be written or `pixels` does not have `height * width * 3` values.
pub fn write_png_rgb(path: &Path, image: &Image) -> Result<(), DataError> {
    let Image { size, pixels } = image;
    write(path, *size, ColorType::Rgb, BitDepth::Eight, None, pixels)
}

/// Writes a mask as an indexed PNG with the PASCAL VOC palette, so that viewers show classes in
/// the usual colours and [`read_indexed_png`](super::read_indexed_png) gives `values` back.
///
/// # Errors
/// When the file cannot be written or there are not `height * width` values.
pub fn write_indexed_png(path: &Path, size: Size, values: &[u8]) -> Result<(), DataError> {
    write_palette_png(path, size, values, voc_colour)
}

/// Writes a mask as an indexed PNG with a palette of its own: the colour of every index.
///
/// # Errors
/// As [`write_indexed_png`].
pub fn write_palette_png(
    path: &Path,
    size: Size,
    values: &[u8],
    colour: impl Fn(u8) -> [u8; 3],
) -> Result<(), DataError> {
    let palette = Some((0..=255).flat_map(colour).collect());
    let color = ColorType::Indexed;
    write(path, size, color, BitDepth::Eight, palette, values)
}

/// Writes depths in metres as a 16-bit grey PNG with `scale` units per metre. What does not fit
/// (not a number, negative) becomes 0, no depth; what is too far becomes 65535.
///
/// # Errors
/// When the file cannot be written or there are not `height * width` values.
pub fn write_depth_png(
    path: &Path,
    size: Size,
    metres: &[f32],
    scale: f64,
) -> Result<(), DataError> {
    // The cast saturates and takes NaN to 0.
    let bytes: Vec<u8> = metres
        .iter()
        .flat_map(|&m| ((f64::from(m) * scale).round() as u16).to_be_bytes())
        .collect();
    write(
        path,
        size,
        ColorType::Grayscale,
        BitDepth::Sixteen,
        None,
        &bytes,
    )
}

fn write(
    path: &Path,
    size: Size,
    color: ColorType,
    depth: BitDepth,
    palette: Option<Vec<u8>>,
    bytes: &[u8],
) -> Result<(), DataError> {
    let file = BufWriter::new(File::create(path).map_err(io_error(path))?);
    encode(file, size, color, depth, palette, bytes).map_err(|error| match error {
        EncodingError::IoError(source) => io_error(path)(source),
        other => io_error(path)(std::io::Error::other(other)),
    })
}

/// Writes the bytes of a PNG file.
pub(super) fn encode(
    to: impl Write,
    size: Size,
    color: ColorType,
    depth: BitDepth,
    palette: Option<Vec<u8>>,
    bytes: &[u8],
) -> Result<(), EncodingError> {
    // The encoder refuses what is too large.
    let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut encoder = Encoder::new(to, side(size.width), side(size.height));
    encoder.set_color(color);
    encoder.set_depth(depth);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bytes)?;
    writer.finish()
}

/// The VOC palette: three bits of the index at a time go to the high bits of red, green and blue.
fn voc_colour(index: u8) -> [u8; 3] {
    let mut colour = [0; 3];
    for bit in 0..8 {
        for (channel, value) in colour.iter_mut().enumerate() {
            let source = bit * 3 + channel;
            if source < 8 {
                *value |= ((index >> source) & 1) << (7 - bit);
            }
        }
    }
    colour
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::super::{read_depth_png, read_indexed_png, read_rgb};
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.png");
        let image = Image {
            size: Size::new(2, 1),
            pixels: vec![1, 2, 3, 250, 0, 9],
        };
        write_png_rgb(&path, &image).unwrap();
        assert_eq!(read_rgb(&path).unwrap(), image);
        write_indexed_png(&path, Size::new(1, 3), &[0, 7, 255]).unwrap();
        assert_eq!(
            read_indexed_png(&path).unwrap(),
            (Size::new(1, 3), vec![0, 7, 255])
        );
        write_depth_png(&path, Size::new(4, 1), &[0.0, 1.25, f32::NAN, 99.0], 1000.0).unwrap();
        let (_, metres) = read_depth_png(&path, 1000.0).unwrap();
        assert_eq!(metres, [0.0, 1.25, 0.0, 65.535]);
    }

    #[test]
    fn wrong_lengths_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.png");
        assert!(write_indexed_png(&path, Size::new(2, 2), &[0; 3]).is_err());
        assert!(write_indexed_png(&path, Size::new(0, 0), &[]).is_err());
        assert!(write_indexed_png(&folder.path().join("no/x.png"), Size::new(1, 1), &[0]).is_err());
    }

    #[test]
    fn the_palette_is_vocs() {
        assert_eq!(voc_colour(1), [128, 0, 0]);
        assert_eq!(voc_colour(15), [192, 128, 128]); // person
        assert_eq!(voc_colour(255), [224, 224, 192]);
    }
}
