//! Masks in colours.

use nasfw::data::Image;
use nasfw::model::predict::Output;
use nasfw::sdk::{Size, argmax};

use super::colour::{blend, of_class};
use crate::exit::Failure;

/// Opacity of class colours over the image.
const COVER: f32 = 0.5;

/// The most likely class of every pixel of the image, row-major.
///
/// # Errors
/// When there are more classes than a mask holds.
pub(crate) fn of_answer(answer: &Output) -> Result<Vec<u8>, Failure> {
    let mut classes: Vec<u8> = Vec::new();
    answer.rows(|rows| {
        for pixel in rows.chunks_exact(answer.channels()) {
            let class = argmax(pixel);
            classes.push(u8::try_from(class).map_err(|_| {
                Failure::Input(format!("class {class}: a mask holds at most 256 classes"))
            })?);
        }
        Ok::<(), Failure>(())
    })?;
    Ok(classes)
}

/// Renders a mask in colours.
pub(crate) fn mask(classes: &[u8], size: Size) -> Image {
    let pixels: Vec<[u8; 3]> = classes.iter().map(|&class| of_class(class)).collect();
    Image {
        size,
        pixels: pixels.into_flattened(),
    }
}

/// Overlays class colours on the image; background pixels stay unchanged.
pub(crate) fn overlay(image: &Image, classes: &[u8]) -> Image {
    let under = image.pixels.as_chunks::<3>().0;
    let pixels: Vec<[u8; 3]> = (under.iter().enumerate())
        .map(|(at, &pixel)| match classes[at] {
            0 => pixel,
            class if is_edge(classes, image.size.width, at) => of_class(class),
            class => blend(pixel, of_class(class), COVER),
        })
        .collect();
    Image {
        pixels: pixels.into_flattened(),
        ..*image
    }
}

/// True if a pixel has a neighbour of another class.
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
