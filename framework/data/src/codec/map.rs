//! Label maps: PNGs whose stored numbers are the labels.

use std::path::Path;

use nasfw_sdk::Size;
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits};

use super::{MAX_BYTES, check_size, open};
use crate::error::DataError;

/// Reads the size and the values of a PNG mask: the palette indices of an indexed PNG, or the
/// stored values of a grey one, of 1 to 8 bits.
///
/// # Errors
/// When the file cannot be read, is no intact PNG, is larger than
/// [`MAX_PIXELS`](super::MAX_PIXELS), or has colour, transparency or 16 bits.
pub fn read_indexed_png(path: &Path) -> Result<(Size, Vec<u8>), DataError> {
    let raw = read_raw(path, "PNG mask")?;
    let bits = match (raw.color, raw.depth) {
        (ColorType::Indexed | ColorType::Grayscale, BitDepth::One) => 1,
        (ColorType::Indexed | ColorType::Grayscale, BitDepth::Two) => 2,
        (ColorType::Indexed | ColorType::Grayscale, BitDepth::Four) => 4,
        (ColorType::Indexed | ColorType::Grayscale, BitDepth::Eight) => {
            return Ok((raw.size, raw.bytes));
        }
        _ => return Err(raw.wrong_kind(path, "palette indices or grey values of 8 bits or fewer")),
    };
    let (per_byte, mask) = (8 / bits, (1_u8 << bits) - 1);
    let mut values = Vec::with_capacity(raw.size.area());
    for row in raw.bytes.chunks(raw.line_bytes.max(1)) {
        // The first pixel is in the highest bits; the last byte of a row may be partly unused.
        let pixels = row
            .iter()
            .flat_map(|byte| (0..per_byte).map(move |k| (byte >> (8 - bits * (k + 1))) & mask));
        values.extend(pixels.take(raw.size.width));
    }
    Ok((raw.size, values))
}

/// Reads the size and the depths in metres of a 16-bit grey PNG. `scale` is the number of units per
/// metre; the value 0 (no depth) stays 0.
///
/// # Errors
/// When the file cannot be read, is no intact PNG, is larger than
/// [`MAX_PIXELS`](super::MAX_PIXELS), is not 16-bit grey, or when `scale` is not a positive number.
pub fn read_depth_png(path: &Path, scale: f64) -> Result<(Size, Vec<f32>), DataError> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(DataError::Setting {
            name: "depth_scale",
            value: scale.to_string(),
            expected: "a number above 0",
        });
    }
    let raw = read_raw(path, "16-bit grey PNG")?;
    if (raw.color, raw.depth) != (ColorType::Grayscale, BitDepth::Sixteen) {
        return Err(raw.wrong_kind(path, "16-bit grey values"));
    }
    let metres = raw
        .bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&pair| (f64::from(u16::from_be_bytes(pair)) / scale) as f32)
        .collect();
    Ok((raw.size, metres))
}

struct Raw {
    size: Size,
    color: ColorType,
    depth: BitDepth,
    line_bytes: usize,
    bytes: Vec<u8>,
}

impl Raw {
    fn wrong_kind(&self, path: &Path, expected: &'static str) -> DataError {
        let kind = match self.color {
            ColorType::Grayscale => "grey",
            ColorType::Rgb => "RGB",
            ColorType::Indexed => "indexed",
            ColorType::GrayscaleAlpha => "grey and alpha",
            ColorType::Rgba => "RGBA",
        };
        DataError::PixelKind {
            path: path.to_owned(),
            found: format!("{}-bit {kind}", self.depth as u8),
            expected,
        }
    }
}

fn read_raw(path: &Path, expected: &'static str) -> Result<Raw, DataError> {
    let failed = |error: DecodingError| DataError::Decode {
        path: path.to_owned(),
        reason: error.to_string(),
        expected,
    };
    let limits = Limits {
        bytes: MAX_BYTES as usize,
    };
    let mut reader = Decoder::new_with_limits(open(path)?, limits)
        .read_info()
        .map_err(failed)?;
    let size = check_size(path, reader.info().width, reader.info().height)?;
    let len = reader
        .output_buffer_size()
        .filter(|&len| len as u64 <= MAX_BYTES)
        .ok_or_else(|| failed(DecodingError::LimitsExceeded))?;
    let mut bytes = vec![0; len];
    let frame = reader.next_frame(&mut bytes).map_err(failed)?;
    reader.finish().map_err(failed)?;
    Ok(Raw {
        size,
        color: frame.color_type,
        depth: frame.bit_depth,
        line_bytes: frame.line_size,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;

    fn write(path: &Path, width: u32, color: ColorType, depth: BitDepth, bytes: &[u8]) {
        let rows = 2;
        let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), width, rows);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if color == ColorType::Indexed {
            encoder.set_palette((0..48).collect::<Vec<u8>>());
        }
        encoder
            .write_header()
            .unwrap()
            .write_image_data(bytes)
            .unwrap();
    }

    #[test]
    fn small_bit_depths_give_stored_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        for color in [ColorType::Indexed, ColorType::Grayscale] {
            write(
                &path,
                3,
                color,
                BitDepth::Two,
                &[0b00_01_10_11, 0b11_00_01_00],
            );
            assert_eq!(
                read_indexed_png(&path).unwrap(),
                (Size::new(3, 2), vec![0, 1, 2, 3, 0, 1])
            );
            write(&path, 3, color, BitDepth::Four, &[0x12, 0x30, 0x4f, 0x60]);
            assert_eq!(
                read_indexed_png(&path).unwrap(),
                (Size::new(3, 2), vec![1, 2, 3, 4, 15, 6])
            );
            write(&path, 9, color, BitDepth::One, &[0b1010_1010, 0x80, 0, 0]);
            let (_, values) = read_indexed_png(&path).unwrap();
            assert_eq!(values[..9], [1, 0, 1, 0, 1, 0, 1, 0, 1]);
            assert_eq!(values[9..], [0; 9]);
        }
    }

    #[test]
    fn other_kinds_of_pixels_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        write(&path, 1, ColorType::Rgb, BitDepth::Eight, &[0; 6]);
        let message = read_indexed_png(&path).unwrap_err().to_string();
        assert!(
            message.contains("8-bit RGB") && message.contains("palette"),
            "{message}"
        );
        write(&path, 1, ColorType::Grayscale, BitDepth::Eight, &[0; 2]);
        let message = read_depth_png(&path, 1000.0).unwrap_err().to_string();
        assert!(
            message.contains("8-bit grey") && message.contains("16-bit"),
            "{message}"
        );
        assert!(read_depth_png(&path, 0.0).is_err());
    }

    #[test]
    fn depth_is_in_metres() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("depth.png");
        write(
            &path,
            1,
            ColorType::Grayscale,
            BitDepth::Sixteen,
            &[0x05, 0xdc, 0, 0],
        );
        assert_eq!(
            read_depth_png(&path, 1000.0).unwrap(),
            (Size::new(1, 2), vec![1.5, 0.0])
        );
    }

    /// The decoder of colour images may pass over a lost end mark, but never over lost pixels.
    #[test]
    fn every_cut_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        write(
            &path,
            3,
            ColorType::Grayscale,
            BitDepth::Eight,
            &[1, 2, 3, 4, 5, 6],
        );
        let (bytes, image) = (
            std::fs::read(&path).unwrap(),
            super::super::read_rgb(&path).unwrap(),
        );
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            assert!(
                read_indexed_png(&path).is_err(),
                "cut at {len} of {}",
                bytes.len()
            );
            assert!(super::super::read_rgb(&path).map_or(true, |read| read == image));
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(at in 0_usize..200, value: u8, cut in 0_usize..200) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("mask.png");
            write(&path, 3, ColorType::Indexed, BitDepth::Two, &[0x1b, 0xc4]);
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at % bytes.len();
            bytes[at] = value;
            bytes.truncate(cut.max(1));
            std::fs::write(&path, bytes).unwrap();
            let _ = read_indexed_png(&path);
            let _ = read_depth_png(&path, 1.0);
            let _ = super::super::read_rgb(&path);
        }
    }
}
