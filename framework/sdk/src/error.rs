//! What can go wrong in the contract, by what the reader can do about it.

use serde::{Deserialize, Serialize};

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the offending value and what would be right.
///
/// As JSON it crosses from a plugin in a library of its own, tagged by `error`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "error")]
#[non_exhaustive]
pub enum Error {
    /// No registered item of this kind has this name.
    #[error("unknown {kind} `{name}`{}; known: {}", nearest_hint(.nearest), .known.join(", "))]
    UnknownName {
        /// What was looked up: `plugin`, `task`, `controller`, …
        kind: String,
        /// The name that was asked for.
        name: String,
        /// The known name closest to it, if any is close.
        nearest: Option<String>,
        /// All known names, sorted.
        known: Vec<String>,
    },
    /// A value is outside what is allowed.
    #[error("{what}: {value} is not allowed; {expected}")]
    InvalidValue {
        /// What the value is for, e.g. `space.width` or `genotype position 3`.
        what: String,
        /// The value as given.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// A configuration could not be read as the settings of an item.
    #[error("{item}: {message}")]
    Config {
        /// Whose configuration it is, e.g. `controller ppo`.
        item: String,
        /// What is wrong with it.
        message: String,
    },
    /// A network description breaks a rule.
    #[error("graph node {node}: {message}")]
    Graph {
        /// The node's name.
        node: String,
        /// The broken rule.
        message: String,
    },
    /// A plugin's library broke off, broke a promise, or said so itself in words of its own.
    #[error("{library}: {message}")]
    Library {
        /// The library, and what of it was called.
        library: String,
        /// What happened.
        message: String,
    },
    /// Two registered items have one name.
    #[error(
        "{kind} `{name}` is in {first} and in {second}; use one of them, or give one another name"
    )]
    NameClash {
        /// `plugin`, `task`, …
        kind: String,
        /// The name.
        name: String,
        /// Where it was first.
        first: String,
        /// Where it is again.
        second: String,
    },
    /// A call ended early because it was asked to.
    #[error("stopped on request")]
    Stopped,
    /// A saved state does not belong to this item, or is damaged.
    #[error("saved state of {item}: {message}")]
    State {
        /// Whose state it is.
        item: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Error {
    /// Tells whether the user can fix it by another value; a library that broke off did so while
    /// running.
    pub fn is_input(&self) -> bool {
        !matches!(self, Self::Library { .. } | Self::Stopped)
    }

    /// An [`Error::UnknownName`] that offers the nearest of the `known` names.
    pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        known.sort();
        known.dedup();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self::UnknownName {
            kind: kind.into(),
            name: name.into(),
            nearest,
            known,
        }
    }

    /// The same with the settings table `table` before the setting it names, where an item that
    /// does not know its table named only the setting.
    pub fn in_table(self, table: &str) -> Self {
        match self {
            Self::InvalidValue {
                what,
                value,
                expected,
            } if !what.starts_with(table) => Self::InvalidValue {
                what: format!("{table}.{what}"),
                value,
                expected,
            },
            Self::Config { item, message } => Self::Config {
                item: format!("{table} ({item})"),
                message,
            },
            other => other,
        }
    }

    /// An [`Error::InvalidValue`].
    pub fn invalid(
        what: impl Into<String>,
        value: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        Self::InvalidValue {
            what: what.into(),
            value: value.to_string(),
            expected: expected.into(),
        }
    }
}

/// The name closest to `name`, if it is close enough to be a slip of the finger.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(name, k), k))
        .filter(|(d, k)| *d <= 1 + k.chars().count().max(name.chars().count()) / 3)
        .min()
        .map(|(_, k)| k)
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|n| format!(" (did you mean `{n}`?)"))
        .unwrap_or_default()
}
