//! Sketches drawn as text and SVG.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw_report::sketch::{to_svg, to_text};
use nasfw_sdk::Sketch;
use nasfw_sdk::sketch::SketchBox;
use proptest::prelude::*;

fn sketch(boxes: &[(&str, &str, bool)], edges: &[(usize, usize)]) -> Sketch {
    Sketch {
        title: "wiring".into(),
        boxes: boxes
            .iter()
            .map(|&(name, label, is_output)| SketchBox {
                name: name.into(),
                label: label.into(),
                is_output,
            })
            .collect(),
        edges: edges.to_vec(),
    }
}

/// Three maps, of which one is never read, and three blocks.
fn wiring() -> Sketch {
    sketch(
        &[
            ("0", "fine", false),
            ("1", "middle", false),
            ("2", "coarse", false),
            ("3", "block", true),
            ("4", "block", false),
            ("5", "block", true),
            ("", "head", true),
        ],
        &[
            (0, 3),
            (2, 3),
            (2, 4),
            (2, 4),
            (4, 5),
            (0, 5),
            (3, 6),
            (5, 6),
        ],
    )
}

#[test]
fn text_leads_rails_from_box_to_box() {
    let expected = "\
wiring
  ○      0 fine
  │ ○    1 middle (unused)
  │   ○  2 coarse
  ├─●─┤  3 block  ← 0, 2
  │ │ ○  4 block  ← 2, 2
  ●─│─┘  5 block  ← 4, 0
  ●─┘      head   ← 3, 5
";
    assert_eq!(to_text(&wiring(), 80), expected);
}

#[test]
fn text_goes_without_rails_where_they_do_not_fit() {
    let expected = "\
wiring
  ○  0 fine
  ○  1 middle (unus…
  ○  2 coarse
  ●  3 block  ← 0, 2
  ○  4 block  ← 2, 2
  ●  5 block  ← 4, 0
  ●    head   ← 3, 5
";
    assert_eq!(to_text(&wiring(), 20), expected);
}

#[test]
fn svg_escapes_what_plugins_say() {
    let nasty = sketch(&[("<a&\"b'>\n\u{1}", "]]>\u{ffff}", false)], &[]);
    let svg = to_svg(&[nasty]);
    assert!(svg.contains("&lt;a&amp;&quot;b&#39;&gt;  "), "{svg}");
    assert!(svg.contains("]]&gt;\u{fffd}"), "{svg}");
}

#[test]
fn svg_draws_every_box_and_edge_once() {
    let svg = to_svg(&[wiring(), wiring()]);
    assert_eq!(svg.matches("<rect").count(), 14);
    assert_eq!(svg.matches("class=\"edge\"").count(), 16);
    assert_eq!(svg.matches("class=\"box out\"").count(), 6);
    assert_eq!(svg.matches("class=\"box unused\"").count(), 2);
    assert_eq!(svg, to_svg(&[wiring(), wiring()]));
}

/// Left, top and width of every box as drawn.
fn rectangles(svg: &str) -> Vec<[f64; 3]> {
    let value = |rest: &str, key: &str| -> f64 {
        let (_, rest) = rest.split_once(&format!(" {key}=\"")).unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    svg.split("<rect")
        .skip(1)
        .map(|rest| ["x", "y", "width"].map(|key| value(rest, key)))
        .collect()
}

#[test]
fn a_sketch_too_large_is_named_and_not_drawn() {
    let boxes = vec![("1", "box", false); 101];
    let svg = to_svg(&[sketch(&boxes, &[])]);
    assert!(
        svg.contains("101 boxes and 0 edges: too many to draw"),
        "{svg}"
    );
    assert!(!svg.contains("<rect"));
}

fn any_sketch() -> impl Strategy<Value = Sketch> {
    let boxes = prop::collection::vec(("\\PC{0,6}", "[a-z_0-9]{0,20}", any::<bool>()), 0..20);
    let edges = prop::collection::vec((0_usize..22, 0_usize..22), 0..40);
    (boxes, edges).prop_map(|(boxes, edges)| Sketch {
        title: "any".into(),
        boxes: boxes
            .into_iter()
            .map(|(name, label, is_output)| SketchBox {
                name,
                label,
                is_output,
            })
            .collect(),
        edges,
    })
}

proptest! {
    /// Plugins may say anything: edges backwards or to nowhere, no boxes, any text.
    #[test]
    fn text_of_any_sketch_keeps_its_width(sketch in any_sketch(), width in 0_usize..100) {
        let text = to_text(&sketch, width);
        prop_assert_eq!(text.lines().count(), 1 + sketch.boxes.len());
        for line in text.lines() {
            prop_assert!(line.chars().count() <= width, "{line}");
        }
    }

    #[test]
    fn boxes_never_overlap_and_edges_point_down(sketch in any_sketch()) {
        let drawn = rectangles(&to_svg(std::slice::from_ref(&sketch)));
        prop_assert_eq!(drawn.len(), sketch.boxes.len());
        for (at, a) in drawn.iter().enumerate() {
            prop_assert!(a[0] >= 0.0 && a[1] >= 0.0);
            for b in &drawn[at + 1..] {
                let apart = a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0];
                prop_assert!(a[1] != b[1] || apart, "{a:?} and {b:?}");
            }
        }
        let forward = sketch.edges.iter().filter(|e| e.0 < e.1 && e.1 < drawn.len());
        for &(from, to) in forward {
            prop_assert!(drawn[from][1] < drawn[to][1]);
        }
    }
}
