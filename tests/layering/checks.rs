//! Tests of these checks: each violation below is found, and nothing else.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::words::{below, lines_with, words_of};
use crate::{crates, cycle, modules};

/// A folder with `files`, each a path and its content.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The cycle in a crate of `files`, or the problem with it.
fn found(files: &[(&str, &str)]) -> Option<String> {
    let folder = folder(files);
    match modules::edges(&folder.path().join("lib.rs")) {
        Ok(edges) => cycle::shortest(&edges),
        Err(problem) => Some(problem),
    }
}

fn assert_found(files: &[(&str, &str)], parts: &[&str]) {
    let text = found(files).unwrap();
    for part in parts {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn circles_of_modules_are_found_with_file_and_line() {
    let root = (
        "lib.rs",
        "mod a; mod b; mod c; pub use b::inner::{B, Old as New};",
    );
    let c = ("c.rs", "use crate::New;");
    let b_uses = |text| ("b/mod.rs", text);
    // A list, a function's body, the inside of a macro, each with the import back.
    for (a, line) in [
        ("\nuse crate::{c::C, b};", 2),
        ("fn f() {\n\n crate::b::g() }", 3),
        ("fn f() { print!(\"{}\",\n crate::b::g()) }", 2),
        ("use super::b::inner;", 1),
        ("use crate::B;", 1),
        ("mod deep { use super::super::{b}; }", 1),
    ] {
        let files = [
            root,
            ("a.rs", a),
            b_uses("pub mod inner { use crate::a::A; }"),
            c,
        ];
        assert_found(
            &files,
            &["a -> b", &format!("a.rs:{line}"), "b -> a", "b/mod.rs:1"],
        );
    }
    let files = [
        root,
        ("a.rs", "use crate::c::C;"),
        b_uses("use crate::a::A;"),
        c,
    ];
    assert_found(&files, &["a -> c", "b -> a", "c -> b"]);
}

#[test]
fn paths_that_hide_what_they_use_are_refused() {
    let root = ("lib.rs", "mod a; struct Loose;");
    assert_found(
        &[root, ("a.rs", "use crate::*;")],
        &["a.rs:1", "all of the crate's root"],
    );
    assert_found(
        &[root, ("a.rs", "\nuse crate::Loose;")],
        &["a.rs:2", "in no module"],
    );
}

#[test]
fn what_is_no_import_makes_no_circle() {
    let root = ("lib.rs", "mod a; mod b; #[cfg(test)] mod missing;");
    let b = ("b/mod.rs", "mod inner; use crate::a::A;");
    let inner = ("b/inner.rs", "use super::super::a::A; use super::Own;");
    for a in [
        "// use crate::b;\nconst TEXT: &str = \"crate::b\";",
        "#[cfg(test)] mod tests { use crate::b; }",
        "#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests;\n#[cfg(test)] use crate::b::B;",
        "macro_rules! m { () => { $crate::b::f() } }",
        "pub(in crate::a) fn f(one: other::crate_::b) {} pub(crate) fn g() {}",
        "use crate::a::Own; use self::Own as Mine;",
        "macro_rules! m { ($x:ident) => { mod $x { use super::*; } } }",
    ] {
        assert_eq!(found(&[root, ("a.rs", a), b, inner]), None, "{a}");
    }
}

#[test]
fn crates_are_held_to_the_table() {
    let top = "[package]\nname = \"top\"\n\n[workspace]\nmembers = [\"low\", \"new\"]\n\
        [workspace.dependencies]\nlow = {}\n\n[dependencies]\nserde = \"1\"\nlow.workspace = true\n";
    let low = "[package]\nname = \"low\"\n[target.'cfg(unix)'.dependencies]\nother = { package = \"top\" }\n";
    let files = [
        ("Cargo.toml", top),
        ("src/main.rs", ""),
        ("low/Cargo.toml", low),
        ("low/src/lib.rs", ""),
        ("new/Cargo.toml", "[package]\nname = \"new\"\n"),
        ("new/src/lib.rs", ""),
    ];
    let folder = folder(&files);
    let crates = crates::read(folder.path());
    let table: &[(&str, &[&str])] = &[("top", &["low", "new"]), ("low", &[]), ("gone", &[])];
    let all = crates::differences(&crates, table).join("\n");
    let low = Path::new("low").join("Cargo.toml").display().to_string();
    for part in [
        &format!("{low}:4: low may not import top"),
        "top no longer imports new",
        "new is not in IMPORTS",
        "there is no crate gone",
    ] {
        assert!(all.contains(part), "{part} is not in {all}");
    }
    let edges = crates.iter().flat_map(|one| one.imports.clone()).collect();
    let circle = cycle::shortest(&edges).unwrap();
    assert!(circle.contains("top -> low   (Cargo.toml:11)"), "{circle}");
}

#[test]
fn words_are_found_in_code_outside_tests() {
    let text = "//! std::fs\n/// std::fs\nuse std::{io, thread::{self, sleep}};\n#[cfg(test)] use std::fs;\n\
        #[cfg(test)]\nmod tests { use std::fs; }\nfn f() { m!(std::time::Instant::now(), \"std::env\") }";
    let words = words_of(text).unwrap();
    let names = below(&words, "std").into_iter();
    let names: Vec<(&str, usize)> = names.map(|w| (&*w.text, w.line)).collect();
    assert_eq!(names, [("io", 3), ("thread", 3), ("time", 7)]);
    assert_eq!(lines_with(&words, "Instant::now"), [7]);
    assert!(lines_with(&words, "Instant::elapsed").is_empty());
}
