//! The largest image that is evaluated whole.

use super::Transform;

/// The most pixels that an image may have once it is scaled: a strip of a file may be enlarged beyond
/// all memory.
const MAX_PX: usize = 16_000_000;

/// An image that would be enlarged beyond reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an image of {} x {} pixels would be scaled to {} x {}, with its shorter side at {shorter_side_px} as in \
     training; at most {} megapixels are allowed",
    .size_px.0, .size_px.1, .scaled_px.0, .scaled_px.1, MAX_PX / 1_000_000
)]
pub struct TooLarge {
    size_px: (usize, usize),
    scaled_px: (usize, usize),
    shorter_side_px: usize,
}

impl Transform {
    /// Checks that an image of this width and height can be scaled and kept whole.
    ///
    /// # Errors
    /// When it is a strip that would be enlarged beyond reason.
    pub fn check_size(&self, size_px: (usize, usize)) -> Result<(), TooLarge> {
        let scaled_px = self.scaled_px(size_px);
        if scaled_px.0.saturating_mul(scaled_px.1) <= MAX_PX {
            return Ok(());
        }
        Err(TooLarge {
            size_px,
            scaled_px,
            shorter_side_px: self.shorter_side_px,
        })
    }
}
