//! Decisions, as a build asks for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::choices::MAX_ARITY;
use crate::error::{Error, Result};

/// Answers the decisions of one build of a [`Blueprint`](crate::Blueprint).
///
/// Names and options are texts of their own in a genotype, `width=16,depth=2`: they are not empty,
/// and contain no comma, no equals sign and no control character.
#[derive(Debug)]
pub struct Pick {
    given: BTreeMap<String, usize>,
    asked: Vec<Asked>,
}

/// A decision that a build asked for, and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) options: Vec<String>,
    pub(super) chosen: usize,
}

impl Pick {
    /// Gives these options, by index, and the first one where none is given.
    pub(super) fn new(given: BTreeMap<String, usize>) -> Self {
        let asked = Vec::new();
        Self { given, asked }
    }

    pub(super) fn into_asked(self) -> Vec<Asked> {
        self.asked
    }

    /// Picks one of `options`, which are called by their text.
    ///
    /// # Errors
    /// When there are no options, too many or two of one text; when a text is not allowed, or the
    /// decision was asked before.
    pub fn one_of<T: ToString>(
        &mut self,
        name: impl Into<String>,
        options: impl IntoIterator<Item = T>,
    ) -> Result<T> {
        // One more than allowed is enough to refuse a list without an end.
        let mut options: Vec<T> = options.into_iter().take(MAX_ARITY + 1).collect();
        let texts = options.iter().map(T::to_string).collect();
        let chosen = self.ask(name.into(), texts)?;
        Ok(options.swap_remove(chosen))
    }

    /// Picks a number below `count`, e.g. one of the maps that a network has so far.
    ///
    /// # Errors
    /// As [`one_of`](Self::one_of).
    pub fn index(&mut self, name: impl Into<String>, count: usize) -> Result<usize> {
        self.one_of(name, 0..count)
    }

    /// Picks `no` or `yes`.
    ///
    /// # Errors
    /// As [`one_of`](Self::one_of).
    pub fn flag(&mut self, name: impl Into<String>) -> Result<bool> {
        Ok(self.one_of(name, ["no", "yes"])? == "yes")
    }

    fn ask(&mut self, name: String, options: Vec<String>) -> Result<usize> {
        let fail = |value: &str, expected: String| {
            Err(Error::invalid(
                format!("decision `{name}`"),
                value,
                expected,
            ))
        };
        let is_text =
            |t: &str| !t.is_empty() && !t.contains(|c: char| c.is_control() || ",=".contains(c));
        for (text, of) in [(&name, "name")]
            .into_iter()
            .chain(options.iter().map(|o| (o, "option")))
        {
            if !is_text(text) {
                let expected =
                    "it is not empty and contains no comma, equals sign or control character";
                return fail(&format!("{of} {text:?}"), expected.into());
            }
        }
        if options.is_empty() || options.len() > MAX_ARITY {
            let expected = format!("a decision has 1 to {MAX_ARITY} options");
            let count = match options.len() {
                0 => "an empty list",
                _ => "a longer list",
            };
            return fail(count, expected);
        }
        let mut texts = BTreeSet::new();
        if let Some(twice) = options.iter().find(|o| !texts.insert(o.as_str())) {
            return fail(
                &format!("option {twice:?} twice"),
                "its options differ".into(),
            );
        }
        if self.asked.iter().any(|asked| asked.name == name) {
            let expected = "use its first answer, or give each decision a name of its own";
            return fail("asking twice in one network", expected.into());
        }
        let chosen = self.given.get(&name).copied().unwrap_or(0);
        if chosen >= options.len() {
            let expected = "its options are the same in all networks; lists that differ need \
                 names that differ";
            return fail(
                &format!("{} options, fewer than before,", options.len()),
                expected.into(),
            );
        }
        self.asked.push(Asked {
            name,
            options,
            chosen,
        });
        Ok(chosen)
    }
}
