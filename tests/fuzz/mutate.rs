//! Small mutations of bytes, as in a fuzzer without feedback.

use nasfw_sdk::Rng;
use rand::RngExt;

/// Fragments of our text formats: mutations with them reach deeper code than random bytes.
const TOKENS: [&str; 22] = [
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "18446744073709551616",
    "NaN",
    "\n",
    "=",
    "\\u0000",
    "é",
    "\u{1F600}",
    "[[[[[[[[",
    "4294967295",
    "0.1",
];

/// `data` after one to eight mutations.
pub(crate) fn mutated(data: &[u8], others: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = data.to_vec();
    for _ in 0..rng.random_range(1..=8) {
        let at = rng.random_range(0..=bytes.len());
        let end = rng.random_range(at..=bytes.len().min(at + 32));
        match rng.random_range(0..8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = rng.random(),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                let times = rng.random_range(1..5);
                drop(bytes.splice(at..at, piece.repeat(times)));
            }
            4 => bytes.truncate(at),
            5 => {
                let token = TOKENS[rng.random_range(0..TOKENS.len())];
                drop(bytes.splice(at..end, token.bytes()));
            }
            6 => {
                let other = &others[rng.random_range(0..others.len())];
                let from = rng.random_range(0..=other.len());
                let to = rng.random_range(from..=other.len().min(from + 64));
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
            _ => {
                // A large number in binary, e.g. a length.
                let claim = [u32::MAX, 0x7FFF_FFFF, 0, 1 << 24][rng.random_range(0..4)];
                let till = (at + 4).min(bytes.len());
                drop(bytes.splice(at..till, claim.to_be_bytes()));
            }
        }
    }
    bytes
}
