//! Keys: hashes of everything that a result depends on.

use std::fmt;

/// The hash of everything that a result depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Hashes named parts. Each is preceded by its length, so that no two lists of parts run
    /// together into the same bytes.
    ///
    /// ```
    /// use nasfw_cache::Key;
    ///
    /// let key = Key::of([("data", "ab"), ("seed", "c")]);
    /// assert_ne!(key, Key::of([("data", "a"), ("seed", "bc")]));
    /// assert_ne!(key, Key::of([("seed", "c"), ("data", "ab")]));
    /// ```
    pub fn of<'a>(parts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut hash = blake3::Hasher::new();
        for text in parts.into_iter().flat_map(|(name, value)| [name, value]) {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        Self(hash.finalize().into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Key {
    /// Writes 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}
