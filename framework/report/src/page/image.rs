//! Pictures inside the page, as data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use nasfw_sdk::Sketch;
use nasfw_sdk::sketch::sketches_to_svg;

/// A picture of a sketch. It is an image of its own, because the style of an SVG inside a page would
/// be the whole page's.
pub(crate) fn drawing(sketch: &Sketch, of: &str) -> Markup {
    let svg = sketches_to_svg(std::slice::from_ref(sketch));
    let alt = format!("{} of {of}", sketch.title);
    html! { img.drawing src=(data("image/svg+xml", svg.as_bytes())) alt=(alt); }
}

/// A PNG or JPEG file's picture.
pub(crate) fn picture(bytes: &[u8], alt: &str) -> Markup {
    let kind = match bytes.starts_with(&[0xFF, 0xD8]) {
        true => "image/jpeg",
        false => "image/png",
    };
    html! { img src=(data(kind, bytes)) alt=(alt); }
}

fn data(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}
