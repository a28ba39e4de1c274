//! Sketches as one SVG file.

use std::fmt::Write;

use nasfw_sdk::Sketch;

use super::layout::{BOX_HEIGHT, Layout, layout};
use super::{one_line, unused};

/// Maximum size of a drawn sketch: larger ones would be illegible and slow to lay out.
const MAX_BOXES: usize = 100;
const MAX_EDGES: usize = 300;
/// Advance of a character in the monospace fonts named below, at [`FONT_PX`].
const CHARACTER_PX: f64 = 7.3;
const FONT_PX: f64 = 12.0;
const MARGIN: f64 = 16.0;
const TITLE_HEIGHT: f64 = 30.0;
const PANEL_GAP: f64 = 48.0;

/// Boxes have their own background, and lines and titles a medium tone, so that the picture is
/// legible on light and dark pages.
const STYLE: &str = "\
text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;text-anchor:middle}\
.title{font-weight:bold;font-size:14px;text-anchor:start;fill:#738096}\
.box rect{fill:#eef2f8;stroke:#8593a8}.box text{fill:#1d2733}\
.out rect{fill:#2563c9;stroke:#5b91e8}.out text{fill:#fff}\
.unused{opacity:.55}.unused rect{stroke-dasharray:4 3}\
.name{font-weight:bold}.edge{fill:none;stroke:#7d8aa0;stroke-width:1.6}.tip{fill:#7d8aa0}";

/// Draws sketches side by side as a self-contained SVG; the same sketches give the same bytes.
///
/// Boxes of the result are filled, boxes that feed nothing are faded. A sketch of more than 100
/// boxes or 300 edges is only named.
pub fn to_svg(sketches: &[Sketch]) -> String {
    let mut panels = String::new();
    let (mut x, mut height) = (MARGIN, 0.0_f64);
    for sketch in sketches {
        let (panel, size) = panel(sketch);
        let _ = writeln!(panels, r#"<g transform="translate({x:.1} {MARGIN:.1})">"#);
        panels.push_str(&panel);
        panels.push_str("</g>\n");
        x += size.0 + PANEL_GAP;
        height = height.max(size.1);
    }
    let gaps = if sketches.is_empty() { 0.0 } else { PANEL_GAP };
    let (width, height) = (x - gaps + MARGIN, height + 2.0 * MARGIN);
    let titles: Vec<String> = sketches.iter().map(|s| escape(&s.title)).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
         <path class=\"tip\" d=\"M0 0.6L8 4L0 7.4z\"/></marker></defs>\n\
         {panels}</svg>\n",
        titles.join(", ")
    )
}

/// One sketch under its title, and its size.
fn panel(sketch: &Sketch) -> (String, (f64, f64)) {
    let mut text = String::new();
    let title = escape(&sketch.title);
    let _ = writeln!(text, r#"<text class="title" x="0" y="12">{title}</text>"#);
    let title_width = characters(&sketch.title) * CHARACTER_PX * 14.0 / FONT_PX;
    let (boxes, edges) = (sketch.boxes.len(), sketch.edges.len());
    if boxes > MAX_BOXES || edges > MAX_EDGES {
        let says = format!("{boxes} boxes and {edges} edges: too many to draw");
        let width = characters(&says) * CHARACTER_PX * 14.0 / FONT_PX;
        let _ = writeln!(text, r#"<text class="title" x="0" y="40">{says}</text>"#);
        return (text, (width.max(title_width), 50.0));
    }
    let widths: Vec<f64> = sketch
        .boxes
        .iter()
        .map(|b| (characters(&b.name) + characters(&b.label) + 3.0) * CHARACTER_PX)
        .collect();
    let layout = layout(sketch, &widths);
    let _ = writeln!(text, r#"<g transform="translate(0 {TITLE_HEIGHT:.0})">"#);
    draw(&mut text, sketch, &layout);
    text.push_str("</g>\n");
    let (width, height) = layout.size;
    (text, (width.max(title_width), height + TITLE_HEIGHT))
}

fn draw(text: &mut String, sketch: &Sketch, layout: &Layout) {
    for points in &layout.edges {
        let _ = writeln!(
            text,
            r#"<path class="edge" marker-end="url(#tip)" d="{}"/>"#,
            curve(points)
        );
    }
    let unused = unused(sketch);
    for ((at, item), &(left, top, width)) in sketch.boxes.iter().enumerate().zip(&layout.boxes) {
        let class = match (item.is_output, unused[at]) {
            (true, _) => "box out",
            (false, true) => "box unused",
            (false, false) => "box",
        };
        let (name, label) = (escape(&item.name), escape(&item.label));
        let gap = if name.is_empty() || label.is_empty() {
            ""
        } else {
            " dx=\"7\""
        };
        let (x, y) = (left + width / 2.0, top + BOX_HEIGHT / 2.0 + 4.0);
        let _ = writeln!(
            text,
            "<g class=\"{class}\"><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
             height=\"{BOX_HEIGHT:.1}\" rx=\"6\"/><text x=\"{x:.1}\" y=\"{y:.1}\">\
             <tspan class=\"name\">{name}</tspan><tspan{gap}>{label}</tspan></text></g>"
        );
    }
}

/// A smooth line through the points: it leaves and reaches each one vertically.
fn curve(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (at, &(x, y)) in points.iter().enumerate() {
        let _ = match at.checked_sub(1).map(|before| points[before]) {
            None => write!(path, "M{x:.1} {y:.1}"),
            // Beside the boxes of a layer it runs straight.
            Some((x0, _)) if x0 == x => write!(path, "V{y:.1}"),
            Some((x0, y0)) => {
                let middle = (y0 + y) / 2.0;
                write!(
                    path,
                    "C{x0:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}"
                )
            }
        };
    }
    path
}

fn characters(text: &str) -> f64 {
    text.chars().count() as f64
}

/// The text as XML character data on one line.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Not allowed in XML 1.0 in any form.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
