//! Tables as CSV files.

use std::collections::{BTreeMap, BTreeSet};

use nasfw_sdk::{Decision, Schema};

use crate::grid::{Table, options, place};

/// What the name of a column of options begins with.
const CHOICE: &str = "choice.";
const REWARD: &str = "reward";
/// More architectures than a table may have.
const LARGEST: f64 = 5e6;

/// Why a text is no table.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TableError {
    /// A value, or the name of a column, is wrong.
    #[error("line {line}, column {column}: {message}")]
    Value {
        /// The line, counted from 1.
        line: usize,
        /// The name of the column.
        column: String,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// A line as a whole is wrong.
    #[error("line {line}: {message}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// Not every architecture has a row.
    #[error("{rows} of {all} combinations of options have a row; the first without is {missing}")]
    Missing {
        /// The rows there are.
        rows: usize,
        /// The rows of a whole space.
        all: f64,
        /// Labels and options of the first that is missing.
        missing: String,
    },
}

impl Table {
    /// Reads a table: a line of column names, then a line for each architecture.
    ///
    /// A column `choice.LABEL` holds the options of a decision, `reward` the reward as controllers are
    /// told it: in [0, 1], higher better. Any other column is a cost and holds numbers. Fields may be
    /// in quotes, without quotes or line breaks within. Decisions are in the order of their columns; the options of each are sorted, as numbers
    /// where all of them are numbers and as text otherwise, so that the order of lines means nothing.
    ///
    /// # Errors
    /// The first line and column that is wrong, an architecture that comes twice, or the first that
    /// has no row.
    pub fn read(text: &str) -> Result<Self, TableError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut lines = (1..).zip(text.lines());
        let columns = Columns::of(lines.next().map_or("", |(_, line)| line))?;
        // The end of a file may be an empty line.
        let rows = lines.filter(|(_, text)| !text.trim().is_empty());
        let rows: Vec<Row> = rows
            .map(|(line, text)| columns.row(line, text))
            .collect::<Result<_, _>>()?;
        let known: Vec<BTreeMap<&str, usize>> = (0..columns.choices.len())
            .map(|at| numbered(rows.iter().map(|row| row.options[at])))
            .collect();
        let schema = columns.schema(&known)?;
        let (arities, all) = (schema.arities(), schema.sequences());
        if all > LARGEST {
            let message = format!("{all} combinations of options; a table has {LARGEST} at most");
            return Err(TableError::Line { line: 1, message });
        }
        let mut rewards: BTreeMap<usize, &Row> = BTreeMap::new();
        for row in &rows {
            let chosen: Vec<usize> = known.iter().zip(&row.options).map(|(k, o)| k[o]).collect();
            if let Some(first) = rewards.insert(place(&arities, &chosen), row) {
                let message = format!("has the options of line {}; remove one", first.line);
                let line = row.line;
                return Err(TableError::Line { line, message });
            }
        }
        if let Some(gap) = (0..all as usize).find(|at| !rewards.contains_key(at)) {
            let missing = schema.decisions().iter().zip(options(&arities, gap));
            let missing: Vec<String> = missing
                .map(|(decision, o)| format!("{}={}", decision.label, decision.options[o]))
                .collect();
            let (rows, missing) = (rewards.len(), missing.join(", "));
            return Err(TableError::Missing { rows, all, missing });
        }
        let rewards = rewards.values().map(|row| row.reward).collect();
        Ok(Self::new(schema, rewards))
    }
}

/// The fields of a line, without blanks around them.
fn fields(line: usize, text: &str) -> Result<Vec<&str>, TableError> {
    let mut fields = Vec::new();
    let mut rest = text.trim();
    loop {
        let end = match rest.strip_prefix('"') {
            None => rest.find(',').unwrap_or(rest.len()),
            Some(inside) => inside.find('"').map_or(rest.len(), |end| end + 2),
        };
        let (field, after) = rest.split_at(end);
        let field = field.trim();
        let bare = match field.strip_prefix('"') {
            None => Some(field),
            Some(inside) => inside.strip_suffix('"'),
        };
        let bare = bare.filter(|it| !it.contains('"')).ok_or_else(|| {
            let message = format!("`{field}`: a quote does not end, or is within a field");
            TableError::Line { line, message }
        })?;
        fields.push(bare.trim());
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if after.trim().is_empty() => return Ok(fields),
            None => {
                let message = format!("`{}` after a closing quote; write a comma", after.trim());
                return Err(TableError::Line { line, message });
            }
        }
    }
}

/// What the columns of a table are.
struct Columns<'a> {
    names: Vec<&'a str>,
    /// Places of the columns of options.
    choices: Vec<usize>,
    reward: usize,
}

/// One line, read.
struct Row<'a> {
    line: usize,
    options: Vec<&'a str>,
    reward: f64,
}

impl<'a> Columns<'a> {
    fn of(header: &'a str) -> Result<Self, TableError> {
        let names = fields(1, header)?;
        let mut seen = BTreeSet::new();
        for name in &names {
            let wrong = match *name {
                "" | CHOICE => Some("has no name; choice.LABEL, reward, or the name of a cost"),
                _ if !seen.insert(name) => Some("comes twice; names are unique"),
                _ => None,
            };
            if let Some(message) = wrong {
                return Err(TableError::Value {
                    line: 1,
                    column: (*name).into(),
                    message: message.into(),
                });
            }
        }
        let lacks = |what: &str| TableError::Line {
            line: 1,
            message: format!("no column {what}; a table has choice.LABEL columns and reward"),
        };
        let choices: Vec<usize> = (0..names.len())
            .filter(|&at| names[at].starts_with(CHOICE))
            .collect();
        if choices.is_empty() {
            return Err(lacks("choice.LABEL"));
        }
        let reward = names.iter().position(|&name| name == REWARD);
        Ok(Self {
            choices,
            reward: reward.ok_or_else(|| lacks(REWARD))?,
            names,
        })
    }

    fn row<'t>(&self, line: usize, text: &'t str) -> Result<Row<'t>, TableError> {
        let fields = fields(line, text)?;
        if fields.len() != self.names.len() {
            let (found, right) = (fields.len(), self.names.len());
            let message = format!("{found} fields; the first line names {right} columns");
            return Err(TableError::Line { line, message });
        }
        let wrong = |at: usize, message: String| TableError::Value {
            line,
            column: self.names[at].into(),
            message,
        };
        let mut reward = 0.0;
        for (at, field) in fields.iter().enumerate() {
            if self.choices.contains(&at) {
                if field.is_empty() {
                    return Err(wrong(at, "has no option; write its name".into()));
                }
                continue;
            }
            match field.parse::<f64>() {
                Ok(number) if number.is_finite() && at == self.reward => reward = number,
                Ok(number) if number.is_finite() => {}
                _ => return Err(wrong(at, format!("`{field}` is no finite number"))),
            }
        }
        Ok(Row {
            line,
            options: self.choices.iter().map(|&at| fields[at]).collect(),
            reward,
        })
    }

    /// The schema with the options `known` of each decision.
    fn schema(&self, known: &[BTreeMap<&str, usize>]) -> Result<Schema, TableError> {
        let decision = |(&at, known): (&usize, &BTreeMap<&str, usize>)| {
            let mut options = vec![""; known.len()];
            for (option, &place) in known {
                options[place] = option;
            }
            Decision::new(&self.names[at][CHOICE.len()..], "", options)
        };
        let decisions = self.choices.iter().zip(known).map(decision);
        Schema::new(decisions.collect()).map_err(|e| TableError::Line {
            line: 1,
            message: e.to_string(),
        })
    }
}

/// The distinct options with their place in order: by value if all are numbers, else by text.
fn numbered<'a>(all: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let distinct: BTreeSet<&str> = all.collect();
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite());
    let mut order: Vec<&str> = distinct.into_iter().collect();
    if let Some(numbers) = order.iter().map(|o| number(o)).collect::<Option<Vec<_>>>() {
        let mut pairs: Vec<(f64, &str)> = numbers.into_iter().zip(order).collect();
        // Stable, so that two ways to write a number stay in the order of their texts.
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        order = pairs.into_iter().map(|(_, option)| option).collect();
    }
    order.into_iter().zip(0..).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "choice.op,reward,choice.width,macs\n\
        conv,0.5,16,4e3\n\
        pool,0.25, 8 ,2\n\
        \"conv\",0.75,8,1\n\
        \n\
        pool,0.125,16,3\n";

    #[test]
    fn options_are_sorted_and_rewards_found_by_them() -> Result<(), TableError> {
        let table = Table::read(SMALL)?;
        let decisions = table.schema().decisions();
        assert_eq!(decisions[0].label, "op");
        assert_eq!(decisions[0].options, ["conv", "pool"]);
        // As numbers: as text, 16 is before 8.
        assert_eq!(decisions[1].options, ["8", "16"]);
        assert_eq!(table.len(), 4);
        assert_eq!(table.reward(&[0, 0]), Some(0.75));
        assert_eq!(table.reward(&[0, 1]), Some(0.5));
        assert_eq!(table.reward(&[1, 1]), Some(0.125));
        assert_eq!(table.reward(&[1]), None);
        assert_eq!(table.reward(&[0, 2]), None);
        assert_eq!(table.range(), (0.125, 0.75));
        Ok(())
    }

    #[test]
    fn line_ends_marks_and_the_order_of_lines_mean_nothing() -> Result<(), TableError> {
        let table = Table::read(SMALL)?;
        let windows = format!("\u{feff}{}", SMALL.replace('\n', "\r\n"));
        assert_eq!(Table::read(&windows)?, table);
        let mut lines: Vec<&str> = SMALL.lines().collect();
        lines[1..].reverse();
        assert_eq!(Table::read(&lines.join("\n"))?, table);
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let with = |line: &str| SMALL.replace("pool,0.125,16,3", line);
        let head = |line: &str| SMALL.replace("choice.op,reward,choice.width,macs", line);
        let cases: [(String, &[&str]); 16] = [
            (String::new(), &["line 1", "no name"]),
            (head("op,reward,width,macs"), &["line 1", "choice.LABEL"]),
            (
                head("choice.op,accuracy,choice.width,macs"),
                &["line 1", "no column reward"],
            ),
            (
                head("choice.op,reward,choice.op,macs"),
                &["line 1", "choice.op", "twice"],
            ),
            (
                head("choice.op,reward,choice.,macs"),
                &["line 1", "no name"],
            ),
            (with("pool,0.125,16"), &["line 6", "3 fields", "4 columns"]),
            (
                with("pool,nan,16,3"),
                &["line 6", "reward", "`nan`", "finite"],
            ),
            (with("pool,inf,16,3"), &["line 6", "reward", "`inf`"]),
            (with("pool,,16,3"), &["line 6", "reward", "``"]),
            (with("pool,0.1,16,big"), &["line 6", "macs", "`big`"]),
            (with(",0.1,16,3"), &["line 6", "choice.op", "no option"]),
            (
                with("conv,0.1,8,3"),
                &["line 6", "options of line 4", "remove one"],
            ),
            (with(""), &["3 of 4", "op=pool, width=16"]),
            (with("dil,0.1,16,3"), &["4 of 6", "op=dil, width=8"]),
            (with("\"pool,0.1,16,3"), &["line 6", "quote"]),
            (
                with("\"po\"ol,0.1,16,3"),
                &["line 6", "after a closing quote"],
            ),
        ];
        for (text, parts) in cases {
            match Table::read(&text) {
                Ok(table) => panic!("{text} is read: {table:?}"),
                Err(e) => {
                    for part in parts {
                        assert!(e.to_string().contains(part), "{part}: {e}\n{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_space_beyond_the_limit_is_refused_before_it_is_laid_out() {
        let names: Vec<String> = (0..40).map(|at| format!("choice.d{at}")).collect();
        let row = |option: usize| vec![option.to_string(); 40].join(",");
        let text = format!(
            "{},reward\n{},0.1\n{},0.2\n",
            names.join(","),
            row(0),
            row(1)
        );
        let said = Table::read(&text).map_err(|e| e.to_string());
        assert!(said.is_err_and(|it| it.contains("at most")));
    }
}
