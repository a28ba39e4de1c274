//! The size of a feature map.

/// The size of a feature map stored as (batch, height, width, channels), channels fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MapShape {
    /// Number of images.
    pub batch: usize,
    /// Rows, in pixels.
    pub height: usize,
    /// Columns, in pixels.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
}

impl MapShape {
    /// A map of `batch` images of `height` × `width` pixels with `channels` values each.
    #[must_use]
    pub fn new(batch: usize, height: usize, width: usize, channels: usize) -> Self {
        Self {
            batch,
            height,
            width,
            channels,
        }
    }

    /// Number of values in the map.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pixels() * self.channels
    }

    /// True when the map holds no value at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of pixels over all images: batch × height × width.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.batch * self.height * self.width
    }

    /// Values in one row of one image: width × channels.
    pub(crate) fn row_len(&self) -> usize {
        self.width * self.channels
    }
}
