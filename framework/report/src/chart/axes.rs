//! A chart with two numeric axes.

use std::convert::Infallible;
use std::ops::Range;

use maud::{Markup, PreEscaped, html};
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement};
use plotters::series::DashedLineSeries;
use plotters::style::{Color, IntoFont, ShapeStyle, TextStyle};

use nasfw_sdk::Size;

use super::backend::Svg;
use super::ink::Ink;

/// Size of words and numbers, in pixels.
const FONT_PX: f64 = 12.0;

/// Maximum number of discs, and of points of a line; more would show nothing new.
pub(crate) const MAX_DOTS: usize = 3000;
const MAX_CORNERS: usize = 600;

/// Ranges and names of the axes.
pub(crate) struct Axes<'a> {
    pub(crate) x: Range<f64>,
    pub(crate) y: Range<f64>,
    /// Name of the horizontal axis, with its unit.
    pub(crate) x_name: &'a str,
    /// Name of the vertical axis, with its unit.
    pub(crate) y_name: &'a str,
    /// Writes numbers at the horizontal axis.
    pub(crate) x_text: &'a dyn Fn(&f64) -> String,
    /// Writes numbers at the vertical axis.
    pub(crate) y_text: &'a dyn Fn(&f64) -> String,
}

/// A mark between the axes.
pub(crate) enum Mark {
    /// Separate discs.
    Dots {
        points: Vec<(f64, f64)>,
        radius: u32,
        ink: Ink,
        opacity: f64,
    },
    /// A line through points.
    Line {
        points: Vec<(f64, f64)>,
        width: u32,
        ink: Ink,
    },
    /// A dashed line through points.
    Dashes { points: Vec<(f64, f64)>, ink: Ink },
}

type Area<'a> = DrawingArea<Svg<'a>, Shift>;
type Plane<'a, 'b> = ChartContext<'b, Svg<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Failed = DrawingAreaErrorKind<Infallible>;

/// Draws a chart; `alt` describes it in words.
pub(crate) fn draw(size: Size, alt: &str, axes: &Axes<'_>, marks: &[Mark]) -> Markup {
    svg(size, alt, |area| axes_and_marks(area, axes, marks))
}

/// The `svg` element with the shapes that `paint` draws.
pub(super) fn svg(
    size: Size,
    alt: &str,
    paint: impl FnOnce(&Area<'_>) -> Result<(), Failed>,
) -> Markup {
    let mut body = String::new();
    let Size { width, height } = size;
    let area = Svg::new(size, &mut body).into_drawing_area();
    let result = paint(&area).and_then(|()| area.present());
    drop(area);
    html! {
        svg viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) role="img"
            aria-label=(alt) {
            // Only a chart without room for its axes fails.
            @match result {
                Ok(()) => (PreEscaped(body)),
                Err(e) => text x="8" y="20" class="i-text" { "cannot be drawn: " (e) },
            }
        }
    }
}

/// The style of words in charts.
pub(super) fn words() -> TextStyle<'static> {
    ("sans-serif", FONT_PX)
        .into_font()
        .color(&Ink::Text.color())
}

/// Thins out the points of a long line.
pub(crate) fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    every_nth(points, MAX_CORNERS)
}

/// All points, or every n-th for at most `most` points, and the last one.
fn every_nth(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(most).max(1);
    let last = points.len().saturating_sub(1);
    let chosen = points.iter().enumerate();
    let chosen = chosen.filter(|(at, _)| at.is_multiple_of(step) || *at == last);
    chosen.map(|(_, point)| *point).collect()
}

fn axes_and_marks(area: &Area<'_>, axes: &Axes<'_>, marks: &[Mark]) -> Result<(), Failed> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(14)
        .x_label_area_size(40)
        .y_label_area_size(58)
        .build_cartesian_2d(axes.x.clone(), axes.y.clone())?;
    let (width, _) = area.dim_in_pixel();
    let words = words();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_max_light_lines(1)
        .light_line_style(Ink::Grid.mixed(0.0))
        .bold_line_style(Ink::Grid.color())
        .axis_style(Ink::Axis.color())
        .set_all_tick_mark_size(4)
        .x_labels((width / 90).max(3) as usize)
        .y_labels(8)
        .x_label_formatter(axes.x_text)
        .y_label_formatter(axes.y_text)
        .label_style(words.clone())
        .axis_desc_style(words)
        .x_desc(axes.x_name)
        .y_desc(axes.y_name)
        .draw()?;
    marks.iter().try_for_each(|m| mark(&mut chart, m))
}

fn mark(chart: &mut Plane<'_, '_>, mark: &Mark) -> Result<(), Failed> {
    match mark {
        Mark::Dots {
            points,
            radius,
            ink,
            opacity,
        } => {
            let style: ShapeStyle = ink.mixed(*opacity).filled();
            let points = every_nth(points, MAX_DOTS).into_iter();
            let dots = points.map(|at| Circle::new(at, *radius, style));
            chart.draw_series(dots)?;
        }
        Mark::Line { points, width, ink } => match points.as_slice() {
            // A line of one point has no length.
            [] | [_] => {}
            points => {
                let style = ink.color().stroke_width(*width);
                let line = PathElement::new(points.to_vec(), style);
                chart.draw_series([line])?;
            }
        },
        Mark::Dashes { points, ink } => {
            let style = ink.color().stroke_width(2);
            let line = DashedLineSeries::new(points.iter().copied(), 6, 5, style);
            chart.draw_series(line)?;
        }
    }
    Ok(())
}
