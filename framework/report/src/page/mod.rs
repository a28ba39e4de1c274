//! The document around the sections: head, style, and building blocks of sections.
//!
//! | file | holds |
//! |---|---|
//! | `style.css` | type, colours for light and dark, narrow screens, print |
//! | `image.rs` | pictures inside the page |
//! | `text.rs` | text formatting shared by sections |

mod image;
mod text;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(crate) use image::{picture, sketch_image};
pub(crate) use text::{date, list, plural};

use nasfw_sdk::Size;

use crate::chart::Ink;

const STYLE: &str = include_str!("style.css");

/// Sizes of charts as wide as the page; narrow screens get a second drawing.
pub(crate) const WHOLE: [Size; 2] = [Size::new(1000, 320), NARROW];
/// Sizes of charts half as wide as the page; see [`WHOLE`].
pub(crate) const HALF: [Size; 2] = [Size::new(490, 300), NARROW];
const NARROW: Size = Size::new(360, 270);

/// The whole document, without external resources.
pub(crate) fn document(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("nasfw ", env!("CARGO_PKG_VERSION")));
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    }
    .into_string()
}

/// A section with its heading; `id` is for links to it.
pub(crate) fn section(id: &str, heading: &str, body: &Markup) -> Markup {
    html! {
        section id=(id) {
            h2 { (heading) }
            (body)
        }
    }
}

/// A figure under its title; `paint` draws it for a width.
pub(crate) fn figure(
    title: &str,
    caption: &str,
    sizes: [Size; 2],
    legend: &[(Ink, Shape, &str)],
    paint: impl Fn(Size) -> Markup,
) -> Markup {
    html! {
        figure {
            figcaption {
                strong { (title) }
                " " span { (caption) }
            }
            div.wide { (paint(sizes[0])) }
            div.narrow { (paint(sizes[1])) }
            @if !legend.is_empty() {
                ul.legend {
                    @for (ink, shape, name) in legend {
                        li { (swatch(*ink, *shape)) (name) }
                    }
                }
            }
        }
    }
}

/// The shape of a mark in a legend.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Dot,
    Line,
    Dashes,
}

fn swatch(ink: Ink, shape: Shape) -> Markup {
    let (class, path) = match shape {
        Shape::Dot => ("d", "M10 5h0"),
        Shape::Line => ("l", "M0 5h20"),
        Shape::Dashes => ("l", "M0 5h5m4 0h5m4 0h2"),
    };
    let width = match shape {
        Shape::Dot => "8",
        _ => "2",
    };
    html! {
        svg.swatch viewBox="0 0 20 10" width="20" height="10" aria-hidden="true" {
            path class=(format!("{class} {}", ink.class())) stroke-width=(width) d=(path);
        }
    }
}

/// A large number under its name.
pub(crate) fn tile(name: &str, value: &str, below: &str) -> Markup {
    html! {
        div.tile {
            dt { (name) }
            dd { (value) @if !below.is_empty() { small { (below) } } }
        }
    }
}

/// Names with values, one per line.
pub(crate) fn facts(rows: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in rows {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}

/// A table that scrolls horizontally if it is too wide.
pub(crate) fn table(caption: &str, columns: &[(&str, Align)], rows: &[Vec<Markup>]) -> Markup {
    let align = |at: usize| columns.get(at).is_some_and(|(_, a)| *a == Align::Right);
    html! {
        // Focusable, for scrolling with the keyboard.
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead {
                    tr {
                        @for (at, (name, _)) in columns.iter().enumerate() {
                            th scope="col" class=[align(at).then_some("n")] { (name) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            @for (at, cell) in row.iter().enumerate() {
                                td class=[align(at).then_some("n")] { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Commands to copy, one per line.
pub(crate) fn commands(lines: &[String]) -> Markup {
    html! { pre.commands tabindex="0" { code { (lines.join("\n")) } } }
}
