//! One table of the page: a row for each key.

use std::fmt::Write;

use serde_json::Value;
use syn::{GenericArgument, PathArguments, Type};

use crate::source::{Enum, Field, Source, last};

/// Values of the two presets.
pub(crate) struct Presets {
    pub(crate) demo: Value,
    pub(crate) paper: Value,
}

impl Presets {
    /// Tells whether a preset has a value for `key`.
    fn have(&self, key: &str) -> bool {
        [&self.demo, &self.paper].iter().any(|preset| {
            preset
                .pointer(&format!("/{}", key.replace('.', "/")))
                .is_some()
        })
    }
}

/// Writes the table of `fields`, whose keys begin with `path`.
pub(crate) fn write(
    out: &mut String,
    source: &Source,
    path: &str,
    fields: &[Field],
    presets: &Presets,
) {
    out.push_str("| key | values | demo | paper | meaning |\n|---|---|---|---|---|\n");
    rows(out, source, path, fields, presets);
    out.push('\n');
}

fn rows(out: &mut String, source: &Source, path: &str, fields: &[Field], presets: &Presets) {
    for field in fields.iter().filter(|f| !f.is_flat) {
        let key = format!("{path}{}", field.name);
        assert!(!field.doc.is_empty(), "{key} has no doc comment");
        let (of, is_optional) = optional(&field.of);
        let name = last(of);
        if let Some(fields) = source.fields(&name) {
            rows(out, source, &format!("{key}."), fields, presets);
        } else if let Some(Enum {
            tag: Some(tag),
            variants,
        }) = source.variants(&name)
        {
            let key = format!("{key}.{tag}");
            let names = variants.iter().map(|v| code(&v.name));
            row(
                out,
                &key,
                &names.collect::<Vec<_>>().join(", "),
                presets,
                &field.doc,
            );
            let mut all: Vec<&Field> = Vec::new();
            for field in variants.iter().flat_map(|v| &v.fields) {
                if all.iter().all(|known| known.name != field.name) {
                    all.push(field);
                }
            }
            let all: Vec<Field> = all.into_iter().cloned().collect();
            rows(out, source, &key[..key.len() - tag.len()], &all, presets);
        } else if name == "Device" {
            // Read from text, not by the names of its variants.
            row(out, &key, "`cpu`, `cuda`, `cuda:N`", presets, &field.doc);
        } else if let Some(Enum { variants, .. }) = source.variants(&name) {
            let names = variants.iter().map(|v| code(&v.name));
            let mut meaning = field.doc.clone();
            for variant in variants {
                write!(meaning, "<br>{}: {}", code(&variant.name), variant.doc).unwrap();
            }
            row(
                out,
                &key,
                &names.collect::<Vec<_>>().join(", "),
                presets,
                &meaning,
            );
        } else if name == "bool" && !presets.have(&key) {
            // Left out of all configurations, so that it is no key: schedules decide about it.
        } else {
            let mut values = values(source, &key, of);
            if is_optional {
                values.push_str(", or unset");
            }
            row(out, &key, &values, presets, &field.doc);
            if let Some(fields) = element(of).and_then(|of| source.fields(&last(of))) {
                rows(out, source, &format!("{key}[]."), fields, presets);
            }
        }
    }
}

fn row(out: &mut String, key: &str, values: &str, presets: &Presets, meaning: &str) {
    let [demo, paper] = [&presets.demo, &presets.paper].map(|preset| default(preset, key));
    writeln!(
        out,
        "| {} | {values} | {demo} | {paper} | {} |",
        code(key),
        plain(meaning)
    )
    .unwrap();
}

/// The values that a user may set for a type.
fn values(source: &Source, key: &str, of: &Type) -> String {
    if let Type::Array(array) = of {
        let syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Int(count),
            ..
        }) = &array.len
        else {
            panic!("{key}: the length of a list is no plain number");
        };
        return format!("list of {count}: {}", values(source, key, &array.elem));
    }
    match (&*last(of), element(of)) {
        ("bool", _) => "`true`, `false`".into(),
        ("f32" | "f64", _) => "number".into(),
        ("u8" | "u32" | "u64" | "usize", _) => "whole number".into(),
        ("String", _) => "text".into(),
        ("PathBuf", _) => "path".into(),
        ("Vec", Some(of)) if source.fields(&last(of)).is_some() => "list of tables".into(),
        ("Vec", Some(of)) => format!("list: {}", values(source, key, of)),
        (other, _) => {
            panic!("{key}: nothing is known of the type {other:?}; say in table.rs what it takes")
        }
    }
}

/// The type inside an `Option`.
fn optional(of: &Type) -> (&Type, bool) {
    match element(of) {
        Some(inside) if last(of) == "Option" => (inside, true),
        _ => (of, false),
    }
}

/// The first type argument.
fn element(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(of) => Some(of),
        _ => None,
    }
}

/// The value of a key in TOML; a key of another optimiser or of a list has none.
fn default(preset: &Value, key: &str) -> String {
    let mut value = preset;
    for part in key.split('.') {
        match value.get(part) {
            Some(inside) => value = inside,
            None => return "—".into(),
        }
    }
    if value.is_null() {
        return "unset".into();
    }
    code(&toml::Value::try_from(value).unwrap().to_string())
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// A doc comment for a cell: links to code become names, and bars are escaped.
fn plain(doc: &str) -> String {
    let mut text = String::new();
    let mut rest = doc;
    while let Some(at) = rest.find("[`") {
        let (before, link) = rest.split_at(at);
        text.push_str(before);
        let Some((name, behind)) = link[1..].split_once(']') else {
            break;
        };
        text.push_str(name);
        rest = behind;
        if behind.starts_with('(') {
            rest = behind.split_once(')').map_or("", |(_, behind)| behind);
        }
    }
    text.push_str(rest);
    text.replace('|', "\\|")
}
