//! The imports among the top modules of one crate, from its source files.
//!
//! Files are read as the compiler finds them, from the root along `mod`; code that is compiled only
//! for tests is skipped. Paths are found among the tokens, so those inside macros count as well.
//! Names that the root exports count as the module they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::cycle::Edge;

/// The imports between the top modules below the file `root`.
pub(crate) fn edges(root: &Path) -> Result<Vec<Edge>, String> {
    let mut source = Source::default();
    let folder = root.parent().unwrap();
    source.file(root, folder, &[])?;
    source.resolved()
}

/// The findings in the files of a crate.
#[derive(Default)]
struct Source {
    tops: BTreeSet<String>,
    /// Names in the root by the top module that they come from.
    exported: BTreeMap<String, String>,
    /// Imports of a name in the root by a top module.
    used: Vec<Edge>,
}

/// The position of tokens.
#[derive(Clone, Copy)]
struct At<'a> {
    file: &'a Path,
    /// The folder of the files of modules declared here.
    folder: &'a Path,
    module: &'a [String],
}

impl Source {
    fn resolved(self) -> Result<Vec<Edge>, String> {
        let mut edges = BTreeMap::new();
        for edge in self.used {
            let to = match self.exported.get(&edge.to) {
                _ if self.tops.contains(&edge.to) => &edge.to,
                Some(module) => module,
                None => {
                    let Edge { to, at, .. } = edge;
                    return Err(format!(
                        "{at}: `crate::{to}` is in no module; move it into one"
                    ));
                }
            };
            if *to != edge.from {
                let to = to.clone();
                let key = (edge.from.clone(), to.clone());
                edges.entry(key).or_insert(Edge { to, ..edge });
            }
        }
        Ok(edges.into_values().collect())
    }

    fn file(&mut self, file: &Path, folder: &Path, module: &[String]) -> Result<(), String> {
        let problem = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
        let text = fs::read_to_string(file).map_err(|e| problem(&e))?;
        let tokens: TokenStream = text.parse().map_err(|e| problem(&e))?;
        self.tokens(
            tokens,
            At {
                file,
                folder,
                module,
            },
        )
    }

    fn tokens(&mut self, tokens: TokenStream, at: At) -> Result<(), String> {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut path = None;
        let mut i = 0;
        while i < tokens.len() {
            let here = &tokens[i..];
            match here {
                [TokenTree::Punct(hash), TokenTree::Group(group), ..] if hash.as_char() == '#' => {
                    let attribute = group.stream().to_string();
                    if is_for_tests(&attribute) {
                        i = behind_item(&tokens, i + 2);
                        continue;
                    }
                    if let Some(given) = attribute.strip_prefix("path = ") {
                        path = Some(given.trim_matches('"').to_owned());
                    }
                    i += 2;
                    continue;
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), next, ..] if word == "mod" => {
                    self.module(name, next, path.take(), at)?;
                    i += 3;
                    continue;
                }
                // A module named by a macro.
                [
                    TokenTree::Ident(word),
                    TokenTree::Punct(_),
                    TokenTree::Ident(name),
                    TokenTree::Group(group),
                    ..,
                ] if word == "mod" && !at.module.is_empty() => {
                    let module = [at.module, &[name.to_string()]].concat();
                    let module = &module;
                    self.tokens(group.stream(), At { module, ..at })?;
                    i += 4;
                    continue;
                }
                [TokenTree::Ident(word), rest @ ..] if word == "use" && at.module.is_empty() => {
                    self.exports(rest);
                }
                [
                    TokenTree::Ident(word),
                    TokenTree::Punct(_),
                    TokenTree::Ident(name),
                    ..,
                ] if word == "macro_rules" && !at.module.is_empty() => {
                    self.exported.insert(name.to_string(), at.module[0].clone());
                }
                [TokenTree::Ident(word), ..] => {
                    let before = i.checked_sub(1).map(|b| tokens[b].to_string());
                    let before = before.as_deref().unwrap_or_default();
                    // Not the crate of a macro's caller, not the middle of a path, not a
                    // visibility.
                    if !["$", ":", "in"].contains(&before) {
                        self.path(word, here, at)?;
                    }
                }
                _ => {}
            }
            if let TokenTree::Group(group) = &tokens[i] {
                self.tokens(group.stream(), at)?;
            }
            i += 1;
        }
        Ok(())
    }

    /// `mod name;` or `mod name { … }`.
    fn module(
        &mut self,
        name: &Ident,
        next: &TokenTree,
        path: Option<String>,
        at: At,
    ) -> Result<(), String> {
        let module = [at.module, &[name.to_string()]].concat();
        if module.len() == 1 {
            self.tops.insert(name.to_string());
        }
        let folder = at.folder.join(name.to_string());
        if let TokenTree::Group(group) = next {
            let at = At {
                folder: &folder,
                module: &module,
                ..at
            };
            return self.tokens(group.stream(), at);
        }
        let (file, folder): (PathBuf, PathBuf) = match path {
            Some(path) => {
                let file = at.file.parent().unwrap().join(path);
                let folder = file.parent().unwrap().to_owned();
                (file, folder)
            }
            None => {
                let file = at.folder.join(format!("{name}.rs"));
                let file = if file.is_file() {
                    file
                } else {
                    folder.join("mod.rs")
                };
                (file, folder)
            }
        };
        self.file(&file, &folder, &module)
    }

    /// A path that begins with `first`: an import, if it leads to the root and down again.
    fn path(&mut self, first: &Ident, tokens: &[TokenTree], at: At) -> Result<(), String> {
        let [from, ..] = at.module else {
            return Ok(()); // the root may import everything
        };
        let mut depth = match &*first.to_string() {
            "crate" => 0,
            "super" => at.module.len() - 1,
            _ => return Ok(()),
        };
        let mut rest = &tokens[1..];
        loop {
            let [
                TokenTree::Punct(one),
                TokenTree::Punct(two),
                next,
                behind @ ..,
            ] = rest
            else {
                return Ok(());
            };
            if depth > 0 && matches!(next, TokenTree::Ident(word) if word == "super") {
                depth -= 1;
                rest = behind;
                continue;
            }
            if depth > 0 || (one.as_char(), two.as_char()) != (':', ':') {
                return Ok(());
            }
            let line = next.span().start().line;
            let place = format!("{}:{line}", shown(at.file));
            for to in names(next) {
                if to == "*" {
                    return Err(format!(
                        "{place}: imports all of the crate's root; name what is used"
                    ));
                }
                let from = from.clone();
                self.used.push(Edge {
                    from,
                    to,
                    at: place.clone(),
                });
            }
            return Ok(());
        }
    }

    /// The names that a `use` in the root imports.
    fn exports(&mut self, tokens: &[TokenTree]) {
        let end = tokens.iter().position(|t| t.to_string() == ";");
        let tokens = &tokens[..end.unwrap_or(tokens.len())];
        let Some(TokenTree::Ident(module)) = tokens.first() else {
            return;
        };
        let mut open = vec![tokens.to_vec()];
        while let Some(list) = open.pop() {
            for entry in list.split(|t| t.to_string() == ",") {
                match entry.last() {
                    Some(TokenTree::Group(group)) => {
                        open.push(group.stream().into_iter().collect())
                    }
                    Some(name) => {
                        self.exported.insert(name.to_string(), module.to_string());
                    }
                    None => {}
                }
            }
        }
    }
}

/// The first name, or names, of the rest of a path.
fn names(token: &TokenTree) -> Vec<String> {
    let TokenTree::Group(group) = token else {
        return vec![token.to_string()];
    };
    assert_eq!(
        group.delimiter(),
        Delimiter::Brace,
        "a path ends with {group}"
    );
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let entries = tokens.split(|t| t.to_string() == ",");
    entries
        .filter_map(|entry| Some(entry.first()?.to_string()))
        .collect()
}

pub(crate) fn is_for_tests(attribute: &str) -> bool {
    let attribute = attribute.replace(' ', "");
    attribute == "cfg(test)" || attribute.starts_with("cfg(all(test,")
}

/// The position after the item that begins at `i`.
pub(crate) fn behind_item(tokens: &[TokenTree], i: usize) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => token.to_string() == ";",
    };
    let end = tokens[i..].iter().position(is_end);
    end.map_or(tokens.len(), |end| i + end + 1)
}

/// A file as it stands in the repository.
fn shown(file: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    file.strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string()
}
