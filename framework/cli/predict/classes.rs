//! Segmentation: a coloured mask, the class indices, and the image overlaid with the mask.

use std::fmt::Write;

use nasfw::data::{Image, write_palette_png, write_png_rgb};
use nasfw::model::predict::Output;
use nasfw::report::sketch::escape;

use super::{OutputFiles, Summary};
use crate::exit::Failure;
use crate::picture::{classes as drawn, of_class};

/// Writes `.mask.png` (colours), `.index.png` (class indices) and `.overlay.png`.
pub(super) fn show(
    image: &Image,
    answer: &Output,
    names: &[String],
    files: &mut OutputFiles<'_>,
) -> Result<Summary, Failure> {
    let size = image.size;
    let classes = drawn::of_answer(answer)?;
    let mask = drawn::mask(&classes, size);
    files.picture(".mask.png", |path| write_png_rgb(path, &mask))?;
    files.picture(".index.png", |path| {
        write_palette_png(path, size, &classes, of_class)
    })?;
    let overlay = drawn::overlay(image, &classes);
    files.picture(".overlay.png", |path| write_png_rgb(path, &overlay))?;
    Ok(Summary::Classes {
        shares: shares(&classes, names),
    })
}

/// The share of the image per class that occurs, largest first.
fn shares(classes: &[u8], names: &[String]) -> Vec<(String, f64)> {
    let mut counts = [0_usize; 256];
    for &class in classes {
        counts[usize::from(class)] += 1;
    }
    let mut found: Vec<(usize, usize)> = (counts.into_iter().enumerate())
        .filter(|(_, count)| *count > 0)
        .collect();
    found.sort_by_key(|&(class, count)| (std::cmp::Reverse(count), class));
    (found.into_iter())
        .map(|(class, count)| {
            let name = names.get(class).cloned();
            let share = count as f64 / classes.len().max(1) as f64;
            (name.unwrap_or_else(|| format!("class {class}")), share)
        })
        .collect()
}

/// The legend of class colours, as SVG.
pub(super) fn legend(names: &[String]) -> String {
    const LINE_PX: usize = 24;
    let longest = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    let (width, height) = (64 + 9 * longest, LINE_PX * names.len() + 16);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"14\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (class, name) in names.iter().enumerate() {
        let [r, g, b] = of_class(u8::try_from(class).unwrap_or(u8::MAX));
        let y = 8 + LINE_PX * class;
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<rect x=\"12\" y=\"{}\" width=\"28\" height=\"16\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>\
             <text x=\"50\" y=\"{}\">{}</text>",
            y + 4,
            y + 17,
            escape(name)
        );
    }
    svg.push_str("</svg>\n");
    svg
}
