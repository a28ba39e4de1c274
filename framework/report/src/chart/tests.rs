//! Guarantees of charts for the page.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw_sdk::Size;

use super::{Axes, Heat, Ink, Mark, draw, heat, thinned};

const SIZE: Size = Size::new(400, 300);

fn axes() -> Axes<'static> {
    Axes {
        x: 0.0..10.0,
        y: 0.0..1.0,
        x_name: "trial <b>",
        y_name: "reward",
        x_text: &|x| format!("{x:.0}"),
        y_text: &|y| format!("{y:.1}"),
    }
}

#[test]
fn shapes_of_one_look_are_one_path_of_a_class() {
    let points: Vec<(f64, f64)> = (0..2000)
        .map(|i| (f64::from(i % 100) / 10.0, f64::from(i) / 2000.0))
        .collect();
    let dots = Mark::Dots {
        points,
        radius: 3,
        ink: Ink::Main,
        opacity: 0.5,
    };
    let line = Mark::Line {
        points: vec![(0.0, 0.0), (10.0, 1.0)],
        width: 2,
        ink: Ink::Best,
    };
    let text = draw(SIZE, "a & b", &axes(), &[dots, line]).into_string();
    assert!(text.len() < 30_000, "{} bytes", text.len());
    assert_eq!(text.matches("d i-main").count(), 1);
    assert_eq!(text.matches("h0").count(), 2000);
    assert!(text.contains(r#"stroke-width="6" opacity="0.50""#));
    // Bottom left to upper right of what the axes leave.
    assert!(
        text.contains(r#"class="l i-best" stroke-width="2" d="M58 25"#),
        "{text}"
    );
    assert!(text.contains("trial &lt;b&gt;") && text.contains("a &amp; b"));
    assert!(!text.contains('#'), "a colour of its own: {text}");
}

#[test]
fn of_very_many_points_some_are_drawn() {
    let points: Vec<(f64, f64)> = (0..100_001).map(|i| (f64::from(i) / 1e4, 0.5)).collect();
    let line = thinned(&points);
    assert!(line.len() <= 601 && line.last() == points.last());
    let dots = Mark::Dots {
        points,
        radius: 3,
        ink: Ink::Main,
        opacity: 0.5,
    };
    let text = draw(SIZE, "", &axes(), &[dots]).into_string();
    assert!((2900..=3001).contains(&text.matches("h0").count()));
    assert_eq!(thinned(&[]), []);
}

#[test]
fn a_chart_of_nothing_is_a_chart() {
    let text = draw(SIZE, "", &axes(), &[]).into_string();
    assert!(
        text.contains("reward") && !text.contains("cannot"),
        "{text}"
    );
}

#[test]
fn shares_become_shades() {
    let rows = [("conv<".to_owned(), vec![0.0, 0.0001, 1.0])];
    let shown = Heat {
        rows: &rows,
        from_to: ("0".into(), "29".into()),
    };
    let text = heat("shares", &shown).into_string();
    // Nothing has no cell; a little has the lightest; all has the full colour, which needs no word.
    assert_eq!(text.matches("f i-main").count(), 2);
    assert!(text.contains(r#"class="f i-main" opacity="0.08""#));
    assert!(text.contains("conv&lt;"));
}
