//! Colours by their meaning. The page's style defines them for light and dark mode.

use plotters::style::{RGBAColor, RGBColor};
use plotters_backend::BackendColor;

/// The colours of charts, by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Text and numbers at axes.
    Text,
    /// Axes.
    Axis,
    /// Lines across the chart.
    Grid,
    /// The results themselves.
    Main,
    /// Secondary results.
    Faint,
    /// References for comparison.
    Second,
    /// The best.
    Best,
    /// Failures.
    Bad,
}

impl Ink {
    /// All, in the order of their numbers.
    const ALL: [Self; 8] = [
        Self::Text,
        Self::Axis,
        Self::Grid,
        Self::Main,
        Self::Faint,
        Self::Second,
        Self::Best,
        Self::Bad,
    ];

    /// Its class in the page's style.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Text => "i-text",
            Self::Axis => "i-axis",
            Self::Grid => "i-grid",
            Self::Main => "i-main",
            Self::Faint => "i-faint",
            Self::Second => "i-second",
            Self::Best => "i-best",
            Self::Bad => "i-bad",
        }
    }

    /// The colour that represents it in plotters: its number as red.
    pub(super) fn color(self) -> RGBColor {
        RGBColor(self as u8, 0, 0)
    }

    /// The same colour at an `opacity`.
    pub(super) fn mixed(self, opacity: f64) -> RGBAColor {
        RGBAColor(self as u8, 0, 0, opacity)
    }

    /// The ink represented by a colour of [`color`](Self::color).
    pub(super) fn of(color: BackendColor) -> Self {
        let at = usize::from(color.rgb.0);
        Self::ALL.get(at).copied().unwrap_or(Self::Text)
    }
}
