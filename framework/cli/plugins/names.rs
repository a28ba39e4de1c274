//! The names of a new plugin: as item, crate and type.

use nasfw::sdk::Error;
use nasfw::sdk::registry::{About, ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};

use super::new::Kind;

/// Names that are valid identifiers but not valid crate names.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "const", "continue", "core",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "nasfw-sdk", "nasfw::sdk", "override",
    "priv", "proc-macro", "proc_macro", "pub", "ref", "return", "self", "static", "std", "struct", "super", "test", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Types that a template or the SDK's macros use without a path.
const PRELUDE: &[&str] = &[
    "Box", "Clone", "Debug", "Default", "Err", "None", "Ok", "Option", "Self", "Some", "String",
    "Vec",
];

/// The names of one plugin.
pub(super) struct Names {
    /// Name of the item and the package, e.g. `my-space`.
    pub(super) name: String,
    /// Name of the crate in code, e.g. `my_space`.
    pub(super) krate: String,
    /// Name of the type, e.g. `MySpace`.
    pub(super) r#type: String,
}

/// Derives the names from `name`, for a plugin made from the template `text`.
///
/// # Errors
/// When the name is not valid for an item or a crate, or is taken.
pub(super) fn check(name: &str, kind: Kind, text: &str) -> Result<Names, Error> {
    let invalid = |expected: &str| Err(Error::invalid("the plugin's name", name, expected));
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.len() > 64
        || !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.chars().all(allowed)
    {
        return invalid("expected 1 to 64 of a-z, 0-9, - and _, starting with a letter");
    }
    if name.split(['-', '_']).any(str::is_empty) {
        return invalid("- and _ must be between letters or digits");
    }
    if KEYWORDS.contains(&name) {
        return invalid("not a valid crate name; add a word");
    }
    if let Some(about) = taken(name, kind) {
        let expected = format!(
            "{} of plugin {} already has this name; choose another",
            about.name, about.plugin
        );
        return invalid(&expected);
    }
    let mut r#type: String = name.split(['-', '_']).map(capitalised).collect();
    if PRELUDE.contains(&r#type.as_str()) || mentions(text, &r#type) {
        r#type.push_str("Plugin");
    }
    Ok(Names {
        name: name.into(),
        krate: name.replace('-', "_"),
        r#type,
    })
}

/// The item of this program that already has the name, for itself or for its plugin.
fn taken(name: &str, kind: Kind) -> Option<About> {
    let spaces = SpaceEntry::all()
        .into_iter()
        .map(|e| (Kind::Space, e.about));
    let controllers = ControllerEntry::all()
        .into_iter()
        .map(|e| (Kind::Controller, e.about));
    let schedules = ScheduleEntry::all()
        .into_iter()
        .map(|e| (Kind::Schedule, e.about));
    let tasks = TaskEntry::all().into_iter().map(|e| (Kind::Task, e.about));
    let mut all = spaces.chain(controllers).chain(schedules).chain(tasks);
    let found = all.find(|(of, about)| about.plugin == name || (*of == kind && about.name == name));
    found.map(|(_, about)| about)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

/// True if the template contains this word.
fn mentions(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|w| w == word)
}
