//! A check that a JPEG file is complete.

use std::io::{BufRead, Read, Result, Seek};

/// The first bytes of every JPEG file.
pub(super) const START: [u8; 3] = [0xff, 0xd8, 0xff];

const END_OF_IMAGE: u8 = 0xd9;

/// Walks the segments of a JPEG (ITU T.81, annex B) up to the end-of-image marker; false without
/// it. Searching the file for that marker's two bytes would not do: an embedded thumbnail has one
/// too.
pub(super) fn is_complete(file: &mut (impl BufRead + Seek)) -> Result<bool> {
    let mut bytes = file.bytes();
    // The caller has checked 0xff 0xd8.
    bytes.nth(1).transpose()?;
    let mut previous = 0;
    while let Some(byte) = bytes.next().transpose()? {
        let marker = (previous == 0xff).then_some(byte);
        previous = byte;
        match marker {
            Some(END_OF_IMAGE) => return Ok(true),
            // Image data, a fill byte, a stuffed zero or a restart marker: no segment follows.
            None | Some(0xff | 0x00 | 0x01 | 0xd0..=0xd8) => {}
            Some(_) => {
                let Some(high) = bytes.next().transpose()? else {
                    return Ok(false);
                };
                let Some(low) = bytes.next().transpose()? else {
                    return Ok(false);
                };
                let rest = usize::from(u16::from_be_bytes([high, low])).saturating_sub(2);
                if rest > 0 && bytes.nth(rest - 1).transpose()?.is_none() {
                    return Ok(false);
                }
                previous = 0;
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Cursor;

    use super::*;

    fn complete(bytes: &[u8]) -> bool {
        is_complete(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn every_cut_is_noticed() {
        let mut whole = Vec::new();
        let noise: Vec<u8> = (0..3 * 32 * 32_u32).map(|i| (i * i % 251) as u8).collect();
        image::codecs::jpeg::JpegEncoder::new(&mut whole)
            .encode(&noise, 32, 32, image::ExtendedColorType::Rgb8)
            .unwrap();
        assert!(complete(&whole));
        for len in 3..whole.len() {
            assert!(!complete(&whole[..len]), "cut at {len} of {}", whole.len());
        }
        whole.extend(b"trailing");
        assert!(complete(&whole));
    }

    #[test]
    fn a_thumbnails_end_does_not_count() {
        // An application segment of 4 bytes that holds an end marker, then nothing.
        assert!(!complete(&[0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9]));
        assert!(complete(&[
            0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9, 0xff, 0xd9
        ]));
    }
}
