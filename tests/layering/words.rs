//! What source files say outside comments and tests.
//!
//! Files are read as tokens, so those inside macros count, and those in comments, doc comments and
//! strings do not.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::modules::{behind_item, is_for_tests};

/// A token: a name, a literal, a sign, or a bracket of a group.
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// The source files below `folder`, without those that hold only tests or examples.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_test = name == "tests.rs" || name.ends_with("_tests.rs");
        if path.is_dir() && !["tests", "examples", "benches", "templates"].contains(&name) {
            found.extend(files(&path));
        } else if path.is_file() && name.ends_with(".rs") && !is_test {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The words of a file, without those that are compiled for tests only.
pub(crate) fn words(file: &Path) -> Vec<Word> {
    let text = fs::read_to_string(file).unwrap();
    words_of(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The words of a text in Rust.
pub(crate) fn words_of(text: &str) -> Result<Vec<Word>, String> {
    let tokens: TokenStream = text.parse().map_err(|e| format!("{e}"))?;
    let mut words = Vec::new();
    flatten(tokens, &mut words);
    Ok(words)
}

fn flatten(tokens: TokenStream, words: &mut Vec<Word>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let [TokenTree::Punct(hash), rest @ ..] = &tokens[at..]
            && hash.as_char() == '#'
        {
            // `#[…]` or `#![…]`
            let offset = rest
                .iter()
                .take(2)
                .position(|t| matches!(t, TokenTree::Group(_)));
            if let Some(TokenTree::Group(group)) = offset.map(|offset| &rest[offset]) {
                let attribute = group.stream().to_string();
                let behind = at + 2 + offset.unwrap_or(0);
                if is_for_tests(&attribute) {
                    at = behind_item(&tokens, behind);
                    continue;
                }
                if attribute.starts_with("doc") {
                    at = behind;
                    continue;
                }
            }
        }
        let line = tokens[at].span().start().line;
        let mut push = |text: String| words.push(Word { text, line });
        match &tokens[at] {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(open.into());
                flatten(group.stream(), words);
                words.push(Word {
                    text: close.into(),
                    line,
                });
            }
            other => push(other.to_string()),
        }
        at += 1;
    }
}

/// The lines where the words of `pattern` stand in a row.
pub(crate) fn lines_with(words: &[Word], pattern: &str) -> Vec<usize> {
    let pattern = words_of(pattern).unwrap();
    let is_it = |run: &&[Word]| run.iter().zip(&pattern).all(|(a, b)| a.text == b.text);
    let runs = words.windows(pattern.len());
    runs.filter(is_it).map(|run| run[0].line).collect()
}

/// The names directly below `root` in paths and imports: `fs` of `std::fs::read`, `fs` and `io` of
/// `use std::{fs, io::Read}`.
pub(crate) fn below<'w>(words: &'w [Word], root: &str) -> Vec<&'w Word> {
    let mut found = Vec::new();
    for run in (0..words.len()).map(|at| &words[at..]) {
        let is_root =
            run.len() > 3 && run[0].text == root && run[1].text == ":" && run[2].text == ":";
        if !is_root {
            continue;
        }
        let rest = &run[3..];
        let mut depth = 0;
        for (at, word) in rest.iter().enumerate() {
            match &*word.text {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ if at == 0 => found.push(word),
                _ if depth == 1 && ["{", ","].contains(&&*rest[at - 1].text) => found.push(word),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}
