//! A 1x1 convolution and the depthwise one after it in one go: the first half of MobileNet's
//! inverted residual.
//!
//! The map in between is several times as large as what goes in and comes out, and written and read
//! once: on large images that is main memory's work. Here a task holds only the few rows of it that
//! its next results read.

use std::ops::Range;

use super::dense;
use super::depthwise::Window;
use super::pack::Packed;
use super::scratch::Scratch;
use super::shape::Conv;
use crate::activation::Activation;
use crate::output::Output;
use crate::parallel::for_pieces;

/// The 1x1 convolution.
pub(super) struct Expansion<'a> {
    pub(super) conv: &'a Conv,
    pub(super) packed: &'a Packed,
    pub(super) bias: &'a [f32],
    pub(super) act: Activation,
}

/// The depthwise convolution.
pub(super) struct Weighted<'a> {
    pub(super) conv: &'a Conv,
    pub(super) weight: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) act: Activation,
}

/// Maps in between of fewer bytes stay in the caches anyway.
const MAP_BYTES: usize = 2 << 20;

/// Bytes of rows in between that leave room in the second-level cache for the rest.
const WINDOW_BYTES: usize = 256 << 10;

/// Rows of the result in a task: more would leave processors idle, fewer compute more rows in
/// between twice.
const TASK_ROWS: usize = 16;

/// True when this is possible, and faster than one convolution after the other.
pub(super) fn pays(expand: &Conv, depthwise: &Conv) -> bool {
    let between = expand.output();
    let image = between.height * between.width * between.channels;
    expand.kernel == 1
        && expand.stride == 1
        && expand.groups == 1
        && depthwise.input == between
        && image * size_of::<f32>() > MAP_BYTES
        && rows_read(depthwise, 1) * between.row_len() * size_of::<f32>() <= 2 * WINDOW_BYTES
        && rows_read(depthwise, 1) * 4 <= TASK_ROWS * depthwise.stride
}

/// Rows that `count` rows of the result read, those outside the map among them.
fn rows_read(conv: &Conv, count: usize) -> usize {
    (count - 1) * conv.stride + conv.dilation * (conv.kernel - 1) + 1
}

/// `y = act(depthwise(act(expand(x))))`.
pub(super) fn forward(expand: &Expansion<'_>, depthwise: &Weighted<'_>, x: &[f32], y: Output<'_>) {
    let output = depthwise.conv.output();
    let row_bytes = depthwise.conv.input.row_len() * size_of::<f32>();
    let mut block = 1;
    while block < TASK_ROWS && rows_read(depthwise.conv, block + 1) * row_bytes <= WINDOW_BYTES {
        block += 1;
    }
    let pass = Pass {
        expand,
        depthwise: depthwise.conv,
        window: Window::new(
            depthwise.conv,
            depthwise.weight,
            depthwise.bias,
            depthwise.act,
            (block, rows_read(depthwise.conv, block)),
        ),
        block,
        x,
    };
    let tasks = output.height.div_ceil(TASK_ROWS);
    let lengths = (0..output.batch * tasks).map(|task| {
        let first = task % tasks * TASK_ROWS;
        TASK_ROWS.min(output.height - first) * output.row_len()
    });
    let work = expand.conv.multiply_adds() / 16;
    for_pieces(y, lengths, work, |task, y| {
        let first = task % tasks * TASK_ROWS;
        pass.task(task / tasks, first, y);
    });
}

struct Pass<'a> {
    expand: &'a Expansion<'a>,
    depthwise: &'a Conv,
    window: Window<'a>,
    /// Rows of the result computed at a time.
    block: usize,
    x: &'a [f32],
}

impl Pass<'_> {
    /// The rows of the result of one image from `first`.
    fn task(&self, image: usize, first: usize, y: &mut [f32]) {
        let (conv, row_len) = (self.depthwise, self.depthwise.input.row_len());
        let padding = conv.padding() as isize;
        let mut rows = Scratch::new(rows_read(conv, self.block) * row_len);
        let rows = rows.values_mut();
        // Of the rows that a block has read, the next one reads the last ones again.
        let shared = rows_read(conv, 1).saturating_sub(conv.stride);
        let pieces = y.chunks_mut(self.block * conv.output().row_len());
        for (number, y) in pieces.enumerate() {
            let count = y.len() / conv.output().row_len();
            let kept = if number == 0 { 0 } else { shared };
            if kept > 0 {
                let moved = self.block * conv.stride;
                rows.copy_within(moved * row_len..(moved + kept) * row_len, 0);
            }
            let start = ((first + number * self.block) * conv.stride) as isize - padding;
            let wanted = kept..rows_read(conv, count);
            self.expand_rows(image, start, wanted, rows);
            self.window
                .run(&rows[..rows_read(conv, count) * row_len], y);
        }
    }

    /// Fills the rows `wanted` of `rows`, the first of which is row `start` of the map in between,
    /// with zeros outside of it.
    fn expand_rows(&self, image: usize, start: isize, wanted: Range<usize>, rows: &mut [f32]) {
        let conv = self.expand.conv;
        let (row_len, height) = (conv.output().row_len(), conv.input.height as isize);
        let inside = |row: isize| (row - start).clamp(wanted.start as isize, wanted.end as isize);
        let (from, to) = (inside(0) as usize, inside(height) as usize);
        rows[wanted.start * row_len..from * row_len].fill(0.0);
        rows[to * row_len..wanted.end * row_len].fill(0.0);
        if from >= to {
            return;
        }
        let first = image * conv.input.height + (start + from as isize) as usize;
        let x = &self.x[first * conv.input.row_len()..][..(to - from) * conv.input.row_len()];
        let mut part = *conv;
        part.input.batch = 1;
        part.input.height = to - from;
        dense::rows(
            &part,
            x,
            self.expand.packed,
            self.expand.bias,
            self.expand.act,
            &mut rows[from * row_len..to * row_len],
        );
    }
}
