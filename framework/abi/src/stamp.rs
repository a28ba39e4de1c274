//! The record that a library carries in a section of its own, to be read without loading it.

use super::table::{ABI_MAJOR, ABI_MINOR};
use nasfw_sdk::graph::IR_VERSION;

/// First bytes of a stamp.
pub const MAGIC: [u8; 16] = *b"nasfw plugin\x1a\r\n\0";
/// The section of the library that holds the stamp and nothing else.
pub const STAMP_SECTION: &str = ".nasfw";
/// The name under which the stamp is also exported.
pub const STAMP_SYMBOL: &str = "nasfw_plugin_stamp";

/// Description of a library that is read before it runs; all texts are UTF-8, padded with zeros.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// [`MAGIC`].
    pub magic: [u8; 16],
    /// Bytes of the stamp, this field and all others.
    pub size: u32,
    /// Major version of the ABI; both sides must have the same.
    pub abi_major: u16,
    /// Minor version of the ABI; at most the program's.
    pub abi_minor: u16,
    /// The oldest version of the graph's JSON that the library writes.
    pub ir_min: u32,
    /// The newest one.
    pub ir_max: u32,
    /// Bits of a pointer.
    pub pointer_bits: u32,
    /// `0x01020304` as the library's machine stores it.
    pub byte_order: u32,
    /// The library's name.
    pub name: [u8; 64],
    /// Its version.
    pub version: [u8; 32],
    /// Name and version of the SDK it was made with, e.g. `nasfw-sdk 0.1.0`; for messages.
    pub sdk: [u8; 32],
    /// The machine it was built for, e.g. `x86_64-unknown-linux-gnu`; for messages.
    pub target: [u8; 64],
    /// The compiler; for messages.
    pub compiler: [u8; 64],
    /// Zeros.
    pub reserved: [u8; 24],
}

/// Bytes of a [`Stamp`].
pub(crate) const STAMP_BYTES: usize = size_of::<Stamp>();

impl Stamp {
    /// The stamp of a library of this name and version, made with this SDK.
    ///
    /// Texts that are too long are cut.
    pub const fn new(name: &str, version: &str) -> Self {
        Self {
            magic: MAGIC,
            size: STAMP_BYTES as u32,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            ir_min: IR_VERSION,
            ir_max: IR_VERSION,
            pointer_bits: usize::BITS,
            byte_order: 0x0102_0304,
            name: padded(name),
            version: padded(version),
            sdk: padded(concat!("nasfw-sdk ", env!("CARGO_PKG_VERSION"))),
            target: padded(env!("NASFW_TARGET")),
            compiler: padded(env!("NASFW_RUSTC")),
            reserved: [0; 24],
        }
    }

    /// Reads a stamp from the bytes of its section; `None` when they are too few.
    ///
    /// Nothing is checked but the length; a longer section is a later, grown stamp.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.get(..STAMP_BYTES)?;
        Some(Self {
            magic: take(&mut rest)?,
            size: u32::from_ne_bytes(take(&mut rest)?),
            abi_major: u16::from_ne_bytes(take(&mut rest)?),
            abi_minor: u16::from_ne_bytes(take(&mut rest)?),
            ir_min: u32::from_ne_bytes(take(&mut rest)?),
            ir_max: u32::from_ne_bytes(take(&mut rest)?),
            pointer_bits: u32::from_ne_bytes(take(&mut rest)?),
            byte_order: u32::from_ne_bytes(take(&mut rest)?),
            name: take(&mut rest)?,
            version: take(&mut rest)?,
            sdk: take(&mut rest)?,
            target: take(&mut rest)?,
            compiler: take(&mut rest)?,
            reserved: take(&mut rest)?,
        })
    }

    /// A text field up to its first zero, control characters and what is not UTF-8 replaced.
    pub fn text(field: &[u8]) -> String {
        let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end])
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect()
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*first)
}

const fn padded<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    let mut field = [0; N];
    let mut end = if bytes.len() < N { bytes.len() } else { N };
    // A text that is cut is cut between characters.
    while end > 0 && end < bytes.len() && (bytes[end] & 0xc0) == 0x80 {
        end -= 1;
    }
    let mut at = 0;
    while at < end {
        field[at] = bytes[at];
        at += 1;
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let field: [u8; 4] = padded("abcä");
        assert_eq!(Stamp::text(&field), "abc");
        assert_eq!(Stamp::text(&padded::<4>("abcd")), "abcd");
        assert_eq!(Stamp::text(b"a\nb\0c"), "a\u{fffd}b");
    }
}
