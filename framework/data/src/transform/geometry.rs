//! The source of each pixel of a view.

use nasfw_sdk::Size;

/// A view of an image: scale it to `scaled`, cut out the window `out` at `offset`, mirror that.
///
/// Pixel centres are at whole numbers, so a position `x` scales to `(x + 0.5) s − 0.5` and mirrors
/// to `width − 1 − x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Geometry {
    /// Size of the source.
    pub(super) source: Size,
    /// Size after scaling.
    pub(super) scaled: Size,
    /// Left and top of the window in the scaled image; negative where it is padded.
    pub(super) offset: (isize, isize),
    /// Size of the window.
    pub(super) out: Size,
    /// Mirrors the window left to right.
    pub(super) flipped: bool,
}

impl Geometry {
    /// The whole source with its shorter side at `shorter` pixels (at least 1), keeping the aspect.
    pub(super) fn scaled(source: Size, shorter: usize) -> Self {
        let (width, height) = (source.width.max(1), source.height.max(1));
        let (short, long) = (width.min(height), width.max(height));
        let shorter = shorter.max(1);
        let longer = (long as f64 * shorter as f64 / short as f64).round() as usize;
        let scaled = if width <= height {
            Size::new(shorter, longer)
        } else {
            Size::new(longer, shorter)
        };
        Self {
            source,
            scaled,
            offset: (0, 0),
            out: scaled,
            flipped: false,
        }
    }

    /// A square window of `side` pixels; `across` and `down` in [0, 1) choose among its possible
    /// offsets, 0.5 being the middle.
    pub(super) fn crop(self, side: usize, across: f64, down: f64) -> Self {
        let offset = |scaled: usize, share: f64| {
            let slack = scaled.abs_diff(side);
            let within = ((slack + 1) as f64 * share) as usize;
            let within = isize::try_from(within.min(slack)).unwrap_or(isize::MAX);
            if scaled >= side { within } else { -within }
        };
        Self {
            offset: (
                offset(self.scaled.width, across),
                offset(self.scaled.height, down),
            ),
            out: Size::square(side),
            ..self
        }
    }

    pub(super) fn flip(self, flipped: bool) -> Self {
        Self { flipped, ..self }
    }

    /// Scale factors across and down; they differ slightly where the scaled size was rounded.
    pub(super) fn factors(&self) -> (f64, f64) {
        (
            self.scaled.width as f64 / self.source.width.max(1) as f64,
            self.scaled.height as f64 / self.source.height.max(1) as f64,
        )
    }

    /// The position in the view of a point of the source, in pixels.
    pub(super) fn point(&self, x: f64, y: f64) -> (f64, f64) {
        let (across, down) = self.factors();
        let x = (x + 0.5) * across - 0.5 - self.offset.0 as f64;
        let y = (y + 0.5) * down - 0.5 - self.offset.1 as f64;
        let x = if self.flipped {
            self.out.width as f64 - 1.0 - x
        } else {
            x
        };
        (x, y)
    }

    /// The column of the scaled image that column `x` of the view shows; `None` where padded.
    pub(super) fn column(&self, x: usize) -> Option<usize> {
        let x = if self.flipped {
            self.out.width.checked_sub(x + 1)?
        } else {
            x
        };
        inside(x, self.offset.0, self.scaled.width)
    }

    /// The row of the scaled image that row `y` of the view shows; `None` where padded.
    pub(super) fn row(&self, y: usize) -> Option<usize> {
        inside(y, self.offset.1, self.scaled.height)
    }
}

fn inside(at: usize, offset: isize, len: usize) -> Option<usize> {
    at.checked_add_signed(offset).filter(|&at| at < len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_side_is_exact_and_the_aspect_kept() {
        assert_eq!(
            Geometry::scaled(Size::new(160, 120), 60).scaled,
            Size::new(80, 60)
        );
        assert_eq!(
            Geometry::scaled(Size::new(120, 160), 60).scaled,
            Size::new(60, 80)
        );
        assert_eq!(Geometry::scaled(Size::new(0, 0), 0).scaled, Size::square(1));
    }

    #[test]
    fn crops_reach_both_ends_and_the_middle() {
        let whole = Geometry::scaled(Size::new(10, 6), 6);
        assert_eq!(whole.crop(4, 0.0, 0.0).offset, (0, 0));
        assert_eq!(whole.crop(4, 0.5, 0.5).offset, (3, 1));
        assert_eq!(whole.crop(4, 0.999, 0.999).offset, (6, 2));
        // Padding: 2 rows to spare above and below.
        assert_eq!(whole.crop(10, 0.5, 0.5).offset, (0, -2));
        assert_eq!(whole.crop(10, 0.5, 0.999).offset, (0, -4));
    }

    #[test]
    fn flipping_twice_is_the_identity() {
        let view = Geometry::scaled(Size::new(7, 5), 9).crop(8, 0.3, 0.7);
        let (x, y) = view.point(2.25, 1.5);
        let (mirrored, same) = view.flip(true).point(2.25, 1.5);
        assert!((mirrored - (7.0 - x)).abs() < 1e-12 && same == y);
        for column in 0..8 {
            assert_eq!(view.column(column), view.flip(true).column(7 - column));
        }
    }
}
