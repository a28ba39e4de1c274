//! Records: length, message, checksums (`tensorflow/core/lib/io/record_writer.h`).
//!
//! ```text
//! length       u64, little-endian
//! checksum     u32, of the length's eight bytes
//! message      length bytes
//! checksum     u32, of the message
//! ```
//!
//! Checksums are CRC-32C, masked: a checksum that covers checksums would be weak.

const MASK: u32 = 0xa282_ead8;

/// The record of a message.
pub(super) fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(message.len() + 16);
    record.extend(length);
    record.extend(checksum(&length).to_le_bytes());
    record.extend(message);
    record.extend(checksum(message).to_le_bytes());
    record
}

fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4: 32 bytes of zeros, and the check value of every catalogue.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        let record = record(b"123456789");
        assert_eq!((record.len(), record[0]), (25, 9));
        let turned = 0xe306_9283_u32.rotate_right(15);
        assert_eq!(record[21..], turned.wrapping_add(MASK).to_le_bytes());
    }
}
