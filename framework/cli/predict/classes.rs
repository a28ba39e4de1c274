//! Segmentation: a mask in colours, the mask itself, and the image with the mask on it.

use std::fmt::Write;

use nasfw_data::{Image, write_palette_png, write_png_rgb};
use nasfw_engine::predict::Answer;
use nasfw_plugins::tasks::argmax;

use super::colour::{blend, of_class};
use super::{Place, Seen};
use crate::exit::Failure;

/// How much of the image the colour of a class hides.
const COVER: f32 = 0.5;

/// Writes `.mask.png` (colours), `.index.png` (the index of a pixel is its class) and `.overlay.png`.
pub(super) fn show(
    image: &Image,
    answer: &Answer,
    names: &[String],
    place: &mut Place<'_>,
) -> Result<Seen, Failure> {
    let (width, height) = (image.width, image.height);
    let mut classes: Vec<u8> = Vec::with_capacity(width * height);
    answer.rows(|rows| {
        for pixel in rows.chunks_exact(answer.channels()) {
            let class = argmax(pixel);
            classes.push(u8::try_from(class).map_err(|_| {
                Failure::Input(format!("class {class}: masks hold 256 classes at most"))
            })?);
        }
        Ok::<(), Failure>(())
    })?;
    let picture = |pixels: Vec<[u8; 3]>| Image {
        width,
        height,
        pixels: pixels.into_flattened(),
    };
    let mask = picture(classes.iter().map(|&c| of_class(c)).collect());
    place.picture(".mask.png", |path| write_png_rgb(path, &mask))?;
    place.picture(".index.png", |path| {
        write_palette_png(path, (width, height), &classes, of_class)
    })?;
    let under = image.pixels.as_chunks::<3>().0;
    let overlay = under
        .iter()
        .enumerate()
        .map(|(at, &pixel)| match classes[at] {
            0 => pixel,
            class if is_edge(&classes, width, at) => of_class(class),
            class => blend(pixel, of_class(class), COVER),
        });
    let overlay = picture(overlay.collect());
    place.picture(".overlay.png", |path| write_png_rgb(path, &overlay))?;
    Ok(Seen::Classes {
        shares: shares(&classes, names),
    })
}

/// Whether a pixel has a neighbour of another class.
fn is_edge(classes: &[u8], width: usize, at: usize) -> bool {
    let x = at % width;
    let neighbours = [
        (x > 0).then(|| at - 1),
        (x + 1 < width).then_some(at + 1),
        at.checked_sub(width),
        Some(at + width),
    ];
    let other = |n: usize| classes.get(n).is_some_and(|&c| c != classes[at]);
    neighbours.into_iter().flatten().any(other)
}

/// The share of the image of each class that occurs, the largest first.
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

/// The colour of every class beside its name, as SVG.
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
            escaped(name)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
