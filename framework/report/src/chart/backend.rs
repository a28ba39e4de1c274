//! plotters' shapes as SVG for inside a page. plotters' own SVG repeats colours and fonts at every
//! shape. Here a shape has a class, so that the page can be light and dark, and consecutive shapes
//! of one look are one path: two thousand points take about twenty kilobytes.

use std::convert::Infallible;
use std::fmt::Write;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use nasfw_sdk::Size;

use super::ink::Ink;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Width of a character of a system font relative to its size, slightly overestimated.
const CHARACTER: f64 = 0.56;

/// The inside of an `svg` element while it is drawn.
pub(super) struct Svg<'a> {
    size: Size,
    body: &'a mut String,
    open: Option<Look>,
    path: String,
}

/// The look shared by the shapes of one path.
#[derive(PartialEq)]
struct Look {
    kind: Kind,
    ink: Ink,
    opacity: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A line of this width.
    Line(u32),
    /// Discs of this diameter: zero-length strokes with round ends.
    Dot(u32),
    /// An area.
    Fill,
}

impl<'a> Svg<'a> {
    pub(super) fn new(size: Size, body: &'a mut String) -> Self {
        Self {
            size,
            body,
            open: None,
            path: String::new(),
        }
    }

    /// The open path of a look.
    fn path(&mut self, kind: Kind, color: BackendColor) -> &mut String {
        let look = Look {
            kind,
            ink: Ink::of(color),
            opacity: color.alpha,
        };
        if self.open.as_ref() != Some(&look) {
            self.close();
            self.open = Some(look);
        }
        &mut self.path
    }

    /// Ends the path that is open.
    fn close(&mut self) {
        let Some(Look { kind, ink, opacity }) = self.open.take() else {
            return;
        };
        let (letter, width) = match kind {
            Kind::Line(width) => ("l", width),
            Kind::Dot(width) => ("d", width),
            Kind::Fill => ("f", 0),
        };
        let _ = write!(self.body, r#"<path class="{letter} {}""#, ink.class());
        if width > 1 {
            let _ = write!(self.body, r#" stroke-width="{width}""#);
        }
        if opacity < 1.0 {
            let _ = write!(self.body, r#" opacity="{opacity:.2}""#);
        }
        let _ = write!(self.body, r#" d="{}"/>"#, self.path);
        self.path.clear();
    }

    fn points(&mut self, kind: Kind, color: BackendColor, points: &[BackendCoord], end: &str) {
        if color.alpha <= 0.0 {
            return;
        }
        let path = self.path(kind, color);
        for (at, (x, y)) in points.iter().enumerate() {
            let letter = if at == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{x} {y}");
        }
        path.push_str(end);
    }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.width as u32, self.size.height as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        self.close();
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
        self.points(Kind::Fill, color, &corners, "z");
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, s: &S) -> Drawn {
        self.points(Kind::Line(s.stroke_width()), s.color(), &[a, b], "");
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x0, y0): BackendCoord,
        (x1, y1): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let kind = if fill {
            Kind::Fill
        } else {
            Kind::Line(style.stroke_width())
        };
        if style.color().alpha > 0.0 {
            let path = self.path(kind, style.color());
            let _ = write!(path, "M{x0} {y0}H{x1}V{y1}H{x0}z");
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<BackendCoord> = path.into_iter().collect();
        self.points(Kind::Line(style.stroke_width()), style.color(), &points, "");
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            let path = self.path(Kind::Dot(2 * radius), style.color());
            let _ = write!(path, "M{x} {y}h0");
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<BackendCoord> = vert.into_iter().collect();
        self.points(Kind::Fill, style.color(), &points, "z");
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        (x, y): BackendCoord,
    ) -> Drawn {
        self.close();
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => r#" text-anchor="middle""#,
            HPos::Right => r#" text-anchor="end""#,
        };
        let dy = match style.anchor().v_pos {
            VPos::Top => ".8em",
            VPos::Center => ".35em",
            VPos::Bottom => "-.2em",
        };
        let turn = match style.transform() {
            FontTransform::None => 0,
            FontTransform::Rotate90 => 90,
            FontTransform::Rotate180 => 180,
            FontTransform::Rotate270 => 270,
        };
        let _ = write!(
            self.body,
            r#"<text class="{}" x="{x}" y="{y}" dy="{dy}"{anchor}"#,
            Ink::of(style.color()).class()
        );
        if turn > 0 {
            let _ = write!(self.body, r#" transform="rotate({turn} {x} {y})""#);
        }
        let text = maud::html! { (text) }.into_string();
        let _ = write!(self.body, ">{text}</text>");
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = text.chars().count() as f64 * CHARACTER * style.size();
        Ok((width.ceil() as u32, style.size().ceil() as u32))
    }
}
