//! Depth: a coloured map, and the depths themselves.

use nasfw::data::{write_depth_png, write_png_rgb};
use nasfw::model::predict::Output;
use nasfw::sdk::Size;

use super::{OutputFiles, Summary};
use crate::exit::Failure;
use crate::picture::depth as drawn;

/// Units of the 16-bit map per metre.
const MILLIMETRES: f64 = 1000.0;

/// Writes `.depth.png` (colours, near is light) and `.depth_mm.png` (16 bits, millimetres, 0 where
/// the network predicted no positive depth).
pub(super) fn show(
    answer: &Output,
    size: Size,
    files: &mut OutputFiles<'_>,
) -> Result<Summary, Failure> {
    let metres = drawn::of_answer(answer);
    let (near_m, far_m) = drawn::range(&metres);
    let coloured = drawn::coloured(&metres, size, (near_m, far_m));
    files.picture(".depth.png", |path| write_png_rgb(path, &coloured))?;
    files.picture(".depth_mm.png", |path| {
        write_depth_png(path, size, &metres, MILLIMETRES)
    })?;
    Ok(Summary::Depth { near_m, far_m })
}
