//! An output as NumPy's `.npy`, format 1.0.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use nasfw::model::predict::Output;

/// Writes the output at the size of the image, `(height, width, channels)`.
pub(super) fn write(
    path: &Path,
    (height, width, channels): (usize, usize, usize),
    answer: &Output,
) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&header(height, width, channels))?;
    answer.rows(|rows| (rows.iter()).try_for_each(|value| file.write_all(&value.to_le_bytes())))?;
    file.flush()
}

/// The header of little-endian 32-bit floats in C order, padded to a multiple of 64 bytes.
fn header(height: usize, width: usize, channels: usize) -> Vec<u8> {
    const BEFORE: usize = 10;
    let mut text = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}, {channels}), }}"
    );
    while !(BEFORE + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    // Three numbers of 20 digits stay far below the limit of 65535 bytes.
    bytes.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(text.bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn the_header_is_numpys() {
        let header = header(480, 640, 21);
        assert_eq!(header.len() % 64, 0);
        assert_eq!(header[..10], *b"\x93NUMPY\x01\x00\x76\x00");
        assert!(
            header[10..].starts_with(
                b"{'descr': '<f4', 'fortran_order': False, 'shape': (480, 640, 21), } "
            )
        );
        assert_eq!(header.last(), Some(&b'\n'));
    }
}
