//! Errors of the contract, grouped by what the reader can do about them.

use serde::{Deserialize, Serialize};

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the offending value and the expected one.
///
/// Plugins in libraries return it as JSON, tagged by `error`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "error")]
#[non_exhaustive]
pub enum Error {
    /// No registered item of this kind has this name.
    #[error("unknown {kind} `{name}`{}; known: {}", nearest_hint(.nearest), .known.join(", "))]
    UnknownName {
        /// The kind of item that was looked up: `plugin`, `task`, `controller`, …
        kind: String,
        /// The name that was looked up.
        name: String,
        /// The known name closest to it, if any is close.
        nearest: Option<String>,
        /// All known names, sorted.
        known: Vec<String>,
    },
    /// A value is not allowed.
    #[error("{what}: {value} is not allowed; {expected}")]
    InvalidValue {
        /// The setting or position of the value, e.g. `space.width` or `genotype position 3`.
        what: String,
        /// The value as given.
        value: String,
        /// Description of allowed values.
        expected: String,
    },
    /// A configuration could not be read as the settings of an item.
    #[error("{item}: {message}")]
    Config {
        /// The item that it configures, e.g. `controller ppo`.
        item: String,
        /// The problem.
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
    /// A plugin's library ended a call, violated its contract, or reported an error of its own.
    #[error("{library}: {message}")]
    Library {
        /// The library, and the function that was called.
        library: String,
        /// The problem.
        message: String,
    },
    /// Two registered items have the same name.
    #[error("{kind} `{name}` is in both {first} and {second}; use one of them, or rename one")]
    NameClash {
        /// `plugin`, `task`, …
        kind: String,
        /// The name.
        name: String,
        /// Origin of the first item.
        first: String,
        /// Origin of the second item.
        second: String,
    },
    /// A call ended early because it was asked to.
    #[error("stopped on request")]
    Stopped,
    /// A saved state does not belong to this item, or is damaged.
    #[error("saved state of {item}: {message}")]
    State {
        /// The item that the state belongs to.
        item: String,
        /// The problem.
        message: String,
    },
}

impl Error {
    /// True if the user can fix it by another value; a failure of a library is a failure of the
    /// run.
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

    /// Prefixes the setting that the error names with `table`, where an item that does not know its
    /// table named only the setting.
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

/// The name closest to `name`, if it is close enough to be a typo.
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
