//! Architectures as rows of a matrix of options.

/// Rows of options, all equally long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Points {
    width: usize,
    options: Vec<u16>,
}

impl Points {
    /// No rows yet, each of which will have `width` options.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            options: Vec::new(),
        }
    }

    /// Collects rows, such as the choices of trials.
    pub fn collect<'a>(width: usize, rows: impl IntoIterator<Item = &'a [usize]>) -> Self {
        let mut points = Self::new(width);
        for row in rows {
            points.push(row);
        }
        points
    }

    /// Adds a row, whose options beyond the width are left out.
    pub fn push(&mut self, row: &[usize]) {
        // A schema has at most 4096 options a decision.
        let option = |at: usize| {
            row.get(at)
                .map_or(0, |&option| u16::try_from(option).unwrap_or(u16::MAX))
        };
        self.options.extend((0..self.width).map(option));
    }

    /// The number of options in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.options.len().checked_div(self.width).unwrap_or(0)
    }

    /// Tells whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.options.is_empty()
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u16]> + Clone {
        self.options.chunks_exact(self.width.max(1))
    }

    /// Adds a row of other points of this width.
    pub(crate) fn push_row(&mut self, row: &[u16]) {
        self.options.extend_from_slice(row);
    }

    /// Row number `at`.
    pub(crate) fn row(&self, at: usize) -> &[u16] {
        &self.options[at * self.width..(at + 1) * self.width]
    }
}
