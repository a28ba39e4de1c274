//! What was stored comes back, whatever happens around it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use nasfw_cache::{Cache, Error, Key, LIMIT_BYTES};
use rusqlite::Connection;

fn key(name: &str) -> Key {
    Key::of([("name", name)])
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("deep/er/cache.db")
    }

    fn open(&self) -> Cache {
        Cache::open(&self.file(), LIMIT_BYTES).unwrap()
    }
}

#[test]
fn what_was_stored_comes_back_by_kind_and_key() {
    let folder = Folder::new();
    let mut cache = folder.open();
    cache.put("a", &key("x"), "first", b"1").unwrap();
    cache.put("b", &key("x"), "second", b"2").unwrap();
    cache.put("a", &key("y"), "third", &[]).unwrap();
    drop(cache);
    let mut cache = folder.open();
    assert_eq!(cache.get("a", &key("x")).unwrap().unwrap(), b"1");
    assert_eq!(cache.get("b", &key("x")).unwrap().unwrap(), b"2");
    assert_eq!(cache.get("a", &key("y")).unwrap().unwrap(), b"");
    assert_eq!(cache.get("b", &key("y")).unwrap(), None);
    cache.put("a", &key("x"), "replaced", b"3").unwrap();
    assert_eq!(cache.get("a", &key("x")).unwrap().unwrap(), b"3");
    let entries = cache.entries().unwrap();
    assert_eq!(entries.len(), 3);
    let replaced = entries.iter().find(|e| e.about == "replaced").unwrap();
    assert_eq!(replaced.key, key("x").to_string());
    assert_eq!((replaced.kind.as_str(), replaced.bytes), ("a", 1));
}

#[test]
fn content_stays_within_the_limit_and_the_oldest_goes_first() {
    let folder = Folder::new();
    let mut cache = Cache::open(&folder.file(), 1000).unwrap();
    for at in 0..30 {
        let name = at.to_string();
        cache.put("k", &key(&name), &name, &[0; 100]).unwrap();
        let total: u64 = cache.entries().unwrap().iter().map(|e| e.bytes).sum();
        assert!(total <= 1000, "{total} bytes after {at}");
        assert!(cache.get("k", &key(&name)).unwrap().is_some());
    }
    let mut left: Vec<u32> = (cache.entries().unwrap().iter())
        .map(|e| e.about.parse().unwrap())
        .collect();
    left.sort_unstable();
    let newest: Vec<u32> = (30 - left.len() as u32..30).collect();
    assert_eq!(left, newest);
    // What exceeds the limit alone is not kept, and nothing goes for it.
    cache.put("k", &key("huge"), "huge", &[0; 1001]).unwrap();
    assert_eq!(cache.get("k", &key("huge")).unwrap(), None);
    assert_eq!(cache.entries().unwrap().len(), left.len());
}

#[test]
fn damaged_entries_are_not_returned_and_verification_removes_them() {
    let folder = Folder::new();
    let mut cache = folder.open();
    for name in ["sound", "damaged"] {
        cache.put("k", &key(name), name, b"content").unwrap();
    }
    assert_eq!(cache.verify().unwrap(), []);
    let db = Connection::open(folder.file()).unwrap();
    let sql = "UPDATE entries SET content = x'00' WHERE about = 'damaged'";
    assert_eq!(db.execute(sql, []).unwrap(), 1);
    assert_eq!(cache.get("k", &key("damaged")).unwrap(), None);
    assert_eq!(cache.get("k", &key("sound")).unwrap().unwrap(), b"content");
    let found = cache.verify().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].about, "damaged");
    assert_eq!(cache.entries().unwrap().len(), 1);
    assert_eq!(cache.verify().unwrap(), []);
}

#[test]
fn clearing_leaves_nothing_and_returns_the_space() {
    let folder = Folder::new();
    let mut cache = folder.open();
    for at in 0..20 {
        let name = at.to_string();
        cache.put("k", &key(&name), "", &[7; 100_000]).unwrap();
    }
    assert_eq!(cache.clear().unwrap(), 20);
    assert_eq!(cache.entries().unwrap(), []);
    assert_eq!(cache.get("k", &key("3")).unwrap(), None);
    drop(cache);
    assert!(folder.file().metadata().unwrap().len() < 100_000);
}

#[test]
fn several_programs_share_one_file() {
    let folder = Folder::new();
    let threads: Vec<_> = (0..4u32)
        .map(|thread| {
            let file = folder.file();
            std::thread::spawn(move || {
                let mut cache = Cache::open(&file, LIMIT_BYTES).unwrap();
                for at in 0..50u32 {
                    let name = format!("{}", at + thread % 2 * 25);
                    let content = name.repeat(100);
                    let found = cache.get("k", &key(&name)).unwrap();
                    assert!(found.is_none_or(|found| found == content.as_bytes()));
                    cache
                        .put("k", &key(&name), &name, content.as_bytes())
                        .unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let mut cache = folder.open();
    assert_eq!(cache.entries().unwrap().len(), 75);
    assert_eq!(cache.verify().unwrap(), []);
}

#[test]
fn other_files_are_refused_and_left_as_they_are() {
    let folder = Folder::new();
    let text = folder.0.path().join("notes.txt");
    std::fs::write(
        &text,
        "not a database, but long enough to look at: ".repeat(50),
    )
    .unwrap();
    let said = Cache::open(&text, LIMIT_BYTES).unwrap_err();
    assert!(matches!(said, Error::Database { .. }), "{said}");
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("not a"));

    let other = folder.0.path().join("other.db");
    let db = Connection::open(&other).unwrap();
    db.execute_batch("CREATE TABLE mine (x)").unwrap();
    let said = Cache::open(&other, LIMIT_BYTES).unwrap_err();
    assert!(matches!(said, Error::Format { found: 0, .. }), "{said}");
    let journal: String = db
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(journal, "delete");

    let newer = folder.file();
    drop(folder.open());
    let db = Connection::open(&newer).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let said = Cache::open(&newer, LIMIT_BYTES).unwrap_err();
    assert!(matches!(said, Error::Format { found: 99, .. }), "{said}");

    let inside = text.join("cache.db");
    let said = Cache::open(&inside, LIMIT_BYTES).unwrap_err();
    assert!(matches!(said, Error::Folder { .. }), "{said}");
}
