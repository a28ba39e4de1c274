//! Sizes of images and maps.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Width and height of an image or a map, in pixels; written `96x64`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Size {
    /// A width and a height.
    pub const fn new(width: usize, height: usize) -> Self {
        Self { width, height }
    }

    /// A square.
    pub const fn square(side: usize) -> Self {
        Self::new(side, side)
    }

    /// The number of pixels; overflow saturates.
    pub const fn area(self) -> usize {
        self.width.saturating_mul(self.height)
    }

    /// The length of the shorter side.
    pub fn shorter(self) -> usize {
        self.width.min(self.height)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_comes_first() {
        let size = Size::new(96, 64);
        assert_eq!(size.to_string(), "96x64");
        assert_eq!((size.area(), size.shorter()), (96 * 64, 64));
        assert_eq!(Size::new(usize::MAX, 2).area(), usize::MAX);
    }
}
