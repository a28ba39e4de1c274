//! Contents of a folder: files by stem, split lists, class names, fingerprints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use nasfw_sdk::error::nearest;

use super::pairs::Pair;
use crate::codec::io_error;
use crate::error::DataError;

/// The file of class names: one a line, the first for class 0.
pub(super) const CLASS_FILE: &str = "labels.txt";

/// Image files by their name without ending.
pub(super) type Stems = BTreeMap<String, PathBuf>;

/// Sorted names of what a folder holds, without hidden files; folders end in `/`.
pub(super) fn entries(folder: &Path) -> Result<Vec<String>, DataError> {
    if !folder.is_dir() {
        let path = folder.to_owned();
        return Err(if folder.exists() {
            DataError::NotAFolder { path }
        } else {
            DataError::Missing {
                path,
                needed: "a folder should be there".to_owned(),
            }
        });
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error(folder))? {
        let entry = entry.map_err(io_error(folder))?;
        let mut name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            name.push('/');
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

/// The files in `folder` with one of these endings, in lower or upper case, by stem. Others are
/// skipped.
pub(super) fn stems(folder: &Path, endings: &[&str]) -> Result<Stems, DataError> {
    let mut stems = Stems::new();
    for name in entries(folder)? {
        // Reading finds out a folder that is named like a file.
        let name = name.trim_end_matches('/');
        let Some((stem, ending)) = name.rsplit_once('.') else {
            continue;
        };
        if !endings.iter().any(|e| ending.eq_ignore_ascii_case(e)) {
            continue;
        }
        if stems.insert(stem.to_owned(), folder.join(name)).is_some() {
            return Err(DataError::Duplicate {
                path: folder.to_owned(),
                what: "the name",
                name: stem.to_owned(),
            });
        }
    }
    if stems.is_empty() {
        return Err(DataError::Empty {
            path: folder.to_owned(),
            needed: format!("files ending in .{} should be there", endings.join(" or .")),
        });
    }
    Ok(stems)
}

/// Pairs every image with the map of the same stem; images without go to `problems`.
pub(super) fn pair_all(
    images: Stems,
    maps: &Stems,
    map_folder: &Path,
    problems: &mut Vec<DataError>,
) -> Vec<Pair> {
    let (mut pairs, mut unpaired) = (Vec::new(), Vec::new());
    for (name, image) in images {
        match maps.get(&name).cloned() {
            Some(map) => pairs.push(Pair { name, image, map }),
            None => unpaired.push((name, image)),
        }
    }
    problems.extend(without_map(unpaired, map_folder));
    pairs
}

fn without_map(unpaired: Vec<(String, PathBuf)>, map_folder: &Path) -> Option<DataError> {
    let mut unpaired = unpaired.into_iter();
    let (name, image) = unpaired.next()?;
    Some(DataError::Unpaired {
        image,
        label: map_folder.join(format!("{name}.png")),
        others: unpaired.map(|(name, _)| name).collect(),
    })
}

/// Reads a split list (one stem a line) and pairs each stem's image and map; errors go to
/// `problems`. `taken` holds the stems of lists read before with their list, as none may come
/// twice.
pub(super) fn pair_listed(
    list: &Path,
    (images, image_folder): (&Stems, &Path),
    (maps, map_folder): (&Stems, &Path),
    taken: &mut BTreeMap<String, PathBuf>,
    problems: &mut Vec<DataError>,
) -> Result<Vec<Pair>, DataError> {
    let (mut pairs, mut unpaired) = (Vec::new(), Vec::new());
    let before = problems.len();
    for (number, line) in text(list)?.lines().enumerate() {
        let name = line.trim();
        if name.is_empty() {
            continue;
        }
        let Some(image) = images.get(name) else {
            problems.push(DataError::ListedMissing {
                list: list.to_owned(),
                line: number + 1,
                name: name.to_owned(),
                expected: image_folder.join(format!("{name}.jpg or .png")),
                nearest: nearest(name, images.keys().map(String::as_str)).map(str::to_owned),
            });
            continue;
        };
        let Some(map) = maps.get(name) else {
            unpaired.push((name.to_owned(), image.clone()));
            continue;
        };
        match taken.insert(name.to_owned(), list.to_owned()) {
            None => pairs.push(Pair {
                name: name.to_owned(),
                image: image.clone(),
                map: map.clone(),
            }),
            Some(same) if same == list => problems.push(DataError::Duplicate {
                path: same,
                what: "the name",
                name: name.to_owned(),
            }),
            Some(first) => problems.push(DataError::Disagree {
                first,
                second: list.to_owned(),
                what: format!("`{name}` is in both, but should be in one of them"),
            }),
        }
    }
    problems.extend(without_map(unpaired, map_folder));
    if pairs.is_empty() && problems.len() == before {
        problems.push(DataError::Empty {
            path: list.to_owned(),
            needed: "it should hold one file name without ending a line".to_owned(),
        });
    }
    Ok(pairs)
}

/// Reads class names, one a line. `expected` is the configured number, 0 for any.
pub(super) fn class_names(path: &Path, expected: usize) -> Result<Vec<String>, DataError> {
    let content = text(path)?;
    let names: Vec<String> = content
        .trim_end()
        .lines()
        .map(|l| l.trim().to_owned())
        .collect();
    for (i, name) in names.iter().enumerate() {
        let wrong = |reason: String| DataError::Syntax {
            path: path.to_owned(),
            line: i + 1,
            column: 1,
            reason,
        };
        if name.is_empty() {
            return Err(wrong(
                "a class name should be here, not an empty line".to_owned(),
            ));
        }
        if names[..i].contains(name) {
            return Err(wrong(format!(
                "the class `{name}` is named twice; each needs a name of its own"
            )));
        }
    }
    let wanted = match expected {
        0 if names.is_empty() || names.len() > 255 => "1 to 255".to_owned(),
        n if n > 0 && n != names.len() => format!("{n} (data.classes)"),
        _ => return Ok(names),
    };
    Err(DataError::Syntax {
        path: path.to_owned(),
        line: names.len().max(1),
        column: 1,
        reason: format!(
            "the file names {} classes; it should name {wanted}",
            names.len()
        ),
    })
}

/// Names for classes that have none.
pub(super) fn sequential(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("class_{i}")).collect()
}

pub(super) fn text(path: &Path) -> Result<String, DataError> {
    let content = std::fs::read_to_string(path).map_err(io_error(path))?;
    // Editors on Windows begin a text file with a byte order mark.
    Ok(match content.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => content,
    })
}

/// A hash over the files' names within `root`, sizes and contents, independent of their order.
pub(super) fn fingerprint(root: &Path, files: &[&Path]) -> Result<String, DataError> {
    let mut files = files.to_vec();
    files.sort_unstable();
    files.dedup();
    let digests: Vec<blake3::Hash> = files
        .par_iter()
        .map(|path| {
            let content = std::fs::read(path).map_err(io_error(path))?;
            let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
            let mut hasher = blake3::Hasher::new();
            hasher.update(name.as_bytes());
            hasher.update(&[0]);
            hasher.update(&(content.len() as u64).to_le_bytes());
            hasher.update(&content);
            Ok(hasher.finalize())
        })
        .collect::<Result<_, DataError>>()?;
    let mut all = blake3::Hasher::new();
    for digest in digests {
        all.update(digest.as_bytes());
    }
    Ok(all.finalize().to_hex().to_string())
}
