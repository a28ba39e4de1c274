//! A heat map of shares: one row per option, one column per window of trials.

use maud::Markup;
use plotters::element::{Rectangle, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use nasfw_sdk::Size;

use super::axes::{svg, words};
use super::ink::Ink;

/// Height of a row and width of the whole, in pixels.
const ROW_PX: i32 = 17;
const WIDTH_PX: i32 = 350;
/// Room for the options' names and for the numbers below.
const NAMES_PX: i32 = 140;
const FOOT_PX: i32 = 20;
/// Maximum number of characters of a name.
const NAME_CHARACTERS: usize = 19;
/// Number of shades; cells of one shade are one path.
const SHADES: f64 = 12.0;

/// Rows with their shares from left to right, in [0, 1].
pub(crate) struct Heat<'a> {
    pub(crate) rows: &'a [(String, Vec<f64>)],
    /// Text below the first and the last column.
    pub(crate) from_to: (String, String),
}

/// Draws shares; `alt` describes them in words.
pub(crate) fn heat(alt: &str, heat: &Heat<'_>) -> Markup {
    let height = ROW_PX * heat.rows.len() as i32;
    let size = Size::new(WIDTH_PX as usize, (height + FOOT_PX) as usize);
    let words = words();
    svg(size, alt, |area| {
        let beside = words.clone().pos(Pos::new(HPos::Right, VPos::Center));
        for (row, (name, _)) in heat.rows.iter().enumerate() {
            let at = (NAMES_PX - 6, ROW_PX * row as i32 + ROW_PX / 2);
            area.draw(&Text::new(short(name), at, beside.clone()))?;
        }
        let frame = [(NAMES_PX, 0), (WIDTH_PX - 1, height)];
        area.draw(&Rectangle::new(frame, Ink::Grid.mixed(0.35).filled()))?;
        // Ordered by shade, so that cells of one shade follow each other.
        for shade in 1..=SHADES as i32 {
            let style = Ink::Main.mixed(f64::from(shade) / SHADES).filled();
            for corners in cells(heat, shade) {
                area.draw(&Rectangle::new(corners, style))?;
            }
        }
        let below = |h| words.clone().pos(Pos::new(h, VPos::Top));
        let (from, to) = &heat.from_to;
        area.draw(&Text::new(
            from.as_str(),
            (NAMES_PX, height + 4),
            below(HPos::Left),
        ))?;
        area.draw(&Text::new(
            to.as_str(),
            (WIDTH_PX - 1, height + 4),
            below(HPos::Right),
        ))
    })
}

/// The corners of the cells of one shade.
fn cells(heat: &Heat<'_>, shade: i32) -> Vec<[(i32, i32); 2]> {
    let mut found = Vec::new();
    for (row, (_, shares)) in heat.rows.iter().enumerate() {
        let columns = shares.len().max(1) as i32;
        let left = |column: i32| NAMES_PX + column * (WIDTH_PX - 1 - NAMES_PX) / columns;
        for (column, share) in shares.iter().enumerate() {
            // The square root makes small shares distinguishable; a share above 0 always has a
            // shade.
            if (share.sqrt() * SHADES).ceil() as i32 == shade {
                let (column, top) = (column as i32, ROW_PX * row as i32);
                found.push([(left(column), top), (left(column + 1), top + ROW_PX - 1)]);
            }
        }
    }
    found
}

/// Truncates a name to the available width.
fn short(name: &str) -> String {
    if name.chars().count() <= NAME_CHARACTERS {
        return name.into();
    }
    let kept = name.chars().take(NAME_CHARACTERS - 1);
    kept.chain(['…']).collect()
}
