//! Pictures inside the page, as data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use nasfw_sdk::Sketch;

use crate::sketch::to_svg;

/// The picture of a sketch, as a separate image, because the style of an inline SVG would apply to
/// the whole page.
pub(crate) fn sketch_image(sketch: &Sketch, of: &str) -> Markup {
    let svg = to_svg(std::slice::from_ref(sketch));
    let alt = format!("{} of {of}", sketch.title);
    html! { img.sketch src=(data("image/svg+xml", svg.as_bytes())) alt=(alt); }
}

/// The picture in the bytes of a PNG or JPEG file.
pub(crate) fn picture(bytes: &[u8], alt: &str) -> Markup {
    let kind = if bytes.starts_with(&[0xFF, 0xD8]) {
        "image/jpeg"
    } else {
        "image/png"
    };
    html! { img src=(data(kind, bytes)) alt=(alt); }
}

fn data(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}
