//! Result cards: an architecture and its trial as aligned lines of text.

use std::io::{self, Write};

use nasfw::engine::Trial;
use nasfw::report::sketch::to_text;
use nasfw::sdk::{Choices, SearchSpace, Task};

use crate::exit::Failure;
pub(crate) use crate::number::metric;
use crate::number::{duration, grouped, short};

/// Width of a card in columns.
pub(crate) const WIDTH: usize = 80;
pub(crate) const INDENT: &str = "  ";
/// Width of the name column.
const NAME: usize = 16;

/// Writes one line of a card.
pub(crate) fn row(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "{INDENT}{name:<NAME$}{value}")
}

/// Writes one line, wrapped at words where `text` is longer.
pub(crate) fn words(out: &mut dyn Write, name: &str, text: &str) -> io::Result<()> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let lines = wrap(&words, WIDTH - INDENT.len() - NAME, " ");
    for (at, line) in lines.iter().enumerate() {
        row(out, if at == 0 { name } else { "" }, line)?;
    }
    Ok(())
}

/// Writes a heading with a rule under it.
pub(crate) fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(
        out,
        "\n{INDENT}{text}\n{INDENT}{}",
        "─".repeat(WIDTH - 2 * INDENT.len())
    )
}

/// Writes the space's sketches of an architecture.
pub(crate) fn sketches(
    out: &mut dyn Write,
    space: &dyn SearchSpace,
    choices: &Choices,
) -> Result<(), Failure> {
    for sketch in space.sketches(choices)? {
        writeln!(out)?;
        for line in to_text(&sketch, WIDTH - INDENT.len()).lines() {
            writeln!(out, "{INDENT}{}", line.trim_end())?;
        }
    }
    Ok(())
}

/// Writes the results of a trial, headline metrics first.
pub(crate) fn trial(out: &mut dyn Write, trial: &Trial, task: &dyn Task) -> io::Result<()> {
    row(out, "genotype", trial.genotype())?;
    for name in task.headline() {
        if let Some(value) = trial.evaluation.metrics.get(name) {
            row(out, name, &metric(value))?;
        }
    }
    let others: Vec<String> = (trial.evaluation.metrics.aggregates())
        .filter(|(name, _)| !task.headline().contains(name))
        .map(|(name, value)| format!("{name} {}", metric(value)))
        .collect();
    let lines = wrap(&others, WIDTH - INDENT.len() - NAME, "  ");
    for (at, line) in lines.iter().enumerate() {
        row(out, if at == 0 { "more metrics" } else { "" }, line)?;
    }
    row(out, "parameters", &grouped(trial.params() as u64))?;
    row(
        out,
        "multiply-adds",
        &format!("{} at evaluation size", short(trial.macs())),
    )?;
    row(out, "time", &duration(trial.evaluation.seconds))
}

/// Joins `parts` into lines of at most `width` characters.
pub(crate) fn wrap(parts: &[String], width: usize, between: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + between.len() + part.len() <= width => {
                line.push_str(between);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// Truncates to `width` characters, ending in `…` if anything is cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.into(),
        Some(_) => (text.chars().take(width.saturating_sub(1)))
            .chain(['…'])
            .collect(),
    }
}
