//! Sketches as plain text: one line per box, with rails from its inputs.

use nasfw_sdk::Sketch;

use super::{forward_edges, one_line, unused};

/// Maximum number of rails; beyond it, the names of the inputs are easier to read.
const MAX_RAILS: usize = 16;

/// One rail in one row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Blank,
    /// The value passes.
    Passes,
    /// The value is read and continues.
    Read,
    /// The value is read for the last time.
    Ends,
    /// The box of this row.
    Here,
}

/// Draws a sketch as text of at most `width` columns: a title, then one line per box.
///
/// `○` is a box and `●` one of the result; a rail runs down from a box to the boxes that read
/// it (`├ ┤ ┼`, ending in `└ ┘ ┴`), and passes under unrelated rails. The names after `←` list the
/// same inputs. If there are too many rails for the width, only the names are shown.
pub fn to_text(sketch: &Sketch, width: usize) -> String {
    let inputs = inputs(sketch);
    let names: Vec<String> = sketch.boxes.iter().map(|b| one_line(&b.name)).collect();
    let labels: Vec<String> = sketch.boxes.iter().map(|b| one_line(&b.label)).collect();
    let called = |at: usize| {
        if names[at].is_empty() {
            labels[at].as_str()
        } else {
            names[at].as_str()
        }
    };
    let unused = unused(sketch);
    let says: Vec<String> = inputs
        .iter()
        .enumerate()
        .map(|(at, from)| match from.as_slice() {
            [] if unused[at] => "(unused)".to_owned(),
            [] => String::new(),
            from => {
                let from: Vec<&str> = from.iter().map(|&i| called(i)).collect();
                format!("← {}", from.join(", "))
            }
        })
        .collect();
    let (name_width, label_width) = (longest(&names), longest(&labels));
    let says_width = longest(&says);
    let mut rails = rails(sketch, &inputs);
    let rail_width = rails.iter().map(|r| r.chars().count()).max().unwrap_or(0);
    let all = rail_width + name_width + label_width + says_width + 6;
    if rail_width >= 2 * MAX_RAILS || all > width {
        rails = sketch
            .boxes
            .iter()
            .map(|b| if b.is_output { "●" } else { "○" }.to_owned())
            .collect();
    }
    let rail_width = rails.iter().map(|r| r.chars().count()).max().unwrap_or(0);
    let mut text = cut(&one_line(&sketch.title), width);
    for (at, rail) in rails.iter().enumerate() {
        let line = format!(
            "  {rail:rail_width$}  {name:>name_width$} {label:label_width$} {says}",
            name = names[at],
            label = labels[at],
            says = says[at],
        );
        text.push('\n');
        text.push_str(&cut(line.trim_end(), width));
    }
    text.push('\n');
    text
}

/// The inputs of every box, in the order of the edges.
fn inputs(sketch: &Sketch) -> Vec<Vec<usize>> {
    let mut inputs = vec![Vec::new(); sketch.boxes.len()];
    for (from, to) in forward_edges(sketch) {
        inputs[to].push(from);
    }
    inputs
}

/// The rails of every row.
fn rails(sketch: &Sketch, inputs: &[Vec<usize>]) -> Vec<String> {
    let mut last_reader = vec![None; sketch.boxes.len()];
    for (from, to) in forward_edges(sketch) {
        last_reader[from] = last_reader[from].max(Some(to));
    }
    let mut rails: Vec<Option<usize>> = Vec::new();
    let mut above: Vec<Cell> = Vec::new();
    let mut rows = Vec::with_capacity(sketch.boxes.len());
    for at in 0..sketch.boxes.len() {
        let mut row: Vec<Cell> = rails
            .iter()
            .map(|rail| match rail {
                None => Cell::Blank,
                Some(from) if !inputs[at].contains(from) => Cell::Passes,
                Some(from) if last_reader[*from] == Some(at) => Cell::Ends,
                Some(_) => Cell::Read,
            })
            .collect();
        // A box goes on the rail of an input that ends here: two boxes above one another read
        // as connected. For the same reason any other rail must have been blank above.
        let blank_above = |rail: usize| above.get(rail).is_none_or(|c| *c == Cell::Blank);
        let own = row
            .iter()
            .position(|c| *c == Cell::Ends)
            .or_else(|| (0..row.len()).find(|&r| row[r] == Cell::Blank && blank_above(r)))
            .unwrap_or(row.len());
        row.resize(row.len().max(own + 1), Cell::Blank);
        rails.resize(row.len(), None);
        row[own] = Cell::Here;
        rows.push(row_text(sketch.boxes[at].is_output, own, &row));
        for (rail, cell) in rails.iter_mut().zip(&row) {
            if *cell == Cell::Ends {
                *rail = None;
            }
        }
        rails[own] = last_reader[at].map(|_| at);
        above = row;
    }
    rows
}

/// One row of rails; its own box stands at `own`.
fn row_text(is_output: bool, own: usize, row: &[Cell]) -> String {
    let joined = |c: &Cell| matches!(c, Cell::Read | Cell::Ends | Cell::Here);
    let first = row[..own].iter().position(joined).unwrap_or(own);
    let last = row.iter().rposition(joined).unwrap_or(own);
    let mut text = String::new();
    for (rail, cell) in row.iter().enumerate() {
        let is_between = first < rail && rail < last;
        text.push(match cell {
            Cell::Here if is_output => '●',
            Cell::Here => '○',
            Cell::Passes => '│',
            Cell::Blank if is_between => '─',
            Cell::Blank => ' ',
            Cell::Read if is_between => '┼',
            Cell::Read if rail == first => '├',
            Cell::Read => '┤',
            Cell::Ends if is_between => '┴',
            Cell::Ends if rail == first => '└',
            Cell::Ends => '┘',
        });
        if rail + 1 < row.len() {
            text.push(if first <= rail && rail < last {
                '─'
            } else {
                ' '
            });
        }
    }
    text.trim_end().to_owned()
}

fn longest(texts: &[String]) -> usize {
    texts.iter().map(|t| t.chars().count()).max().unwrap_or(0)
}

/// Truncates to `width` characters, ending in `…` if anything is cut.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        kept.push('…');
    }
    kept
}
