//! The largest image that is evaluated whole.

use nasfw_sdk::Size;

use super::Transform;

/// The most pixels that an image may have once it is scaled: a strip of a file may be enlarged
/// beyond all memory.
const MAX_PX: usize = 16_000_000;

/// An image that would be enlarged beyond reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an image of {size_px} pixels would be scaled to {scaled_px}, with its shorter side at {shorter_side_px} as \
     in training; at most {} megapixels are allowed",
    MAX_PX / 1_000_000
)]
pub struct TooLarge {
    size_px: Size,
    scaled_px: Size,
    shorter_side_px: usize,
}

impl Transform {
    /// Checks that an image of this size can be scaled and kept whole.
    ///
    /// # Errors
    /// When it is a strip that would be enlarged beyond reason.
    pub fn check_size(&self, size_px: Size) -> Result<(), TooLarge> {
        let scaled_px = self.scaled_px(size_px);
        if scaled_px.area() <= MAX_PX {
            return Ok(());
        }
        Err(TooLarge {
            size_px,
            scaled_px,
            shorter_side_px: self.shorter_side_px,
        })
    }
}
