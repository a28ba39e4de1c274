//! All checks of a file before any of it runs.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use nasfw_abi::{ABI_MAJOR, ABI_MINOR, ENTRY_SYMBOL, MAGIC, STAMP_SECTION, Stamp};
use nasfw_sdk::graph::IR_VERSION;
use object::read::{Object, ObjectSection, ObjectSegment};
use object::{Architecture, Export, NameOrOrdinal, ObjectKind, RelocationFlags, SegmentFlags};
use sha2::{Digest, Sha256};

use super::reference::Reference;
use crate::error::{Result, refused};

/// Maximum size of a library.
const MAX_BYTES: u64 = 512 << 20;

/// A file that looks like a plugin for this program.
pub(super) struct PluginFile {
    /// Its canonical path.
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: String,
    pub(super) stamp: Stamp,
}

/// Reads a file once and checks everything that can be checked of its bytes.
///
/// # Errors
/// One line: the problem and the fix.
pub(super) fn read(reference: &Reference) -> Result<PluginFile> {
    let given = &reference.path;
    let fail = |message: String| refused(given, message);
    if !cfg!(unix) {
        let message = "libraries as plugins are not supported on this system, only on Linux and macOS; \
             build the plugin into the program";
        return Err(fail(message.into()));
    }
    let path = given.canonicalize().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound if given.symlink_metadata().is_ok() => {
            fail("a broken link".into())
        }
        std::io::ErrorKind::NotFound => fail("no such file".into()),
        _ => fail(format!("cannot be opened: {e}")),
    })?;
    let bytes = read_once(&path).map_err(fail)?;
    let digest = Sha256::digest(&bytes);
    let sha256: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    if let Some(wanted) = &reference.sha256
        && *wanted != sha256
    {
        return Err(fail(format!(
            "its sha256 is {sha256}, expected {wanted}; restore that file (a run \
             continues with the bytes it started with), or pin this one's sha256 in a new run"
        )));
    }
    let stamp = examine(&bytes).map_err(fail)?;
    check_stamp(&stamp).map_err(fail)?;
    Ok(PluginFile {
        path,
        bytes,
        sha256,
        stamp,
    })
}

fn read_once(path: &Path) -> Result<Vec<u8>, String> {
    // Checked by name first, because merely opening a pipe or a device can block or have side
    // effects.
    check_metadata(
        &path
            .metadata()
            .map_err(|e| format!("cannot be opened: {e}"))?,
    )?;
    let file = File::open(path).map_err(|e| format!("cannot be opened: {e}"))?;
    check_metadata(
        &file
            .metadata()
            .map_err(|e| format!("cannot be read: {e}"))?,
    )?;
    check_folder(path)?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|e| format!("cannot be read: {e}"))?;
    match bytes.len() as u64 {
        0 => Err("is empty".into()),
        n if n > MAX_BYTES => Err(format!("is larger than {} MiB", MAX_BYTES >> 20)),
        _ => Ok(bytes),
    }
}

fn check_metadata(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_dir() {
        return Err("is a folder; name the library file in it".into());
    }
    if !metadata.is_file() {
        return Err("is not a regular file".into());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o002 != 0 {
            return Err(
                "anyone may change this file, so it is not loaded; fix it with chmod o-w".into(),
            );
        }
    }
    Ok(())
}

/// In a folder that others may write to, anyone may replace this file, unless the folder lets only
/// owners do so, as /tmp does.
fn check_folder(path: &Path) -> Result<(), String> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        use std::os::unix::fs::PermissionsExt;
        let mode = folder
            .metadata()
            .map_err(|e| e.to_string())?
            .permissions()
            .mode();
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            return Err(format!(
                "anyone may change the contents of {}, so nothing in it is loaded; fix it with chmod o-w",
                folder.display()
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The machine, segments and stamp of a library.
fn examine(bytes: &[u8]) -> Result<Stamp, String> {
    let file = object::File::parse(bytes).map_err(|e| {
        if bytes.starts_with(b"\x7fELF") {
            format!("is truncated or damaged ({e}); copy it again")
        } else {
            format!("is not a shared library for this system ({e})")
        }
    })?;
    let of_machine = match std::env::consts::ARCH {
        "x86_64" => file.architecture() == Architecture::X86_64,
        "aarch64" => file.architecture() == Architecture::Aarch64,
        // Stamp and probe check the machine, too.
        _ => true,
    };
    if !of_machine || file.is_64() != (usize::BITS == 64) {
        return Err(format!(
            "is for another machine ({:?}); build it for {}",
            file.architecture(),
            std::env::consts::ARCH
        ));
    }
    if file.kind() != ObjectKind::Dynamic {
        return Err(format!(
            "is not a shared library but {:?}; its crate needs crate-type = [\"cdylib\"]",
            file.kind()
        ));
    }
    for segment in file.segments() {
        let (start, length) = segment.file_range();
        if start
            .checked_add(length)
            .is_none_or(|end| end > bytes.len() as u64)
        {
            return Err(format!(
                "is truncated: a segment should end at byte {}, but the file has {}; copy it again",
                start.saturating_add(length),
                bytes.len()
            ));
        }
    }
    check_relocations(&file)?;
    let section = file.section_by_name(STAMP_SECTION).ok_or(
        "has no nasfw stamp, so it is not a plugin; add nasfw_abi::export_plugin!() \
         to the root of its crate",
    )?;
    let data = section
        .data()
        .map_err(|e| format!("its stamp cannot be read ({e})"))?;
    let stamp = Stamp::read(data).ok_or("its stamp is truncated")?;
    let mut exports = file
        .exports()
        .map_err(|e| format!("its symbols cannot be read ({e})"))?;
    let is_entry = |e: object::Result<Export<'_>>| {
        e.is_ok_and(|e| e.name() == NameOrOrdinal::Name(ENTRY_SYMBOL.as_bytes()))
    };
    if !exports.any(is_entry) {
        return Err(format!(
            "does not export {ENTRY_SYMBOL}; add nasfw_abi::export_plugin!() to the root of its crate"
        ));
    }
    Ok(stamp)
}

/// Checks relocations, because the loader writes wherever they point. A damaged one may hit memory
/// outside the library, whose owner differs between processes, so that a probe in one process
/// proves nothing for the next.
fn check_relocations(file: &object::File<'_>) -> Result<(), String> {
    const WORD: u64 = size_of::<usize>() as u64;
    let parts: Vec<(u64, u64, bool)> = (file.segments())
        .map(|part| {
            let is_writable = match part.flags() {
                SegmentFlags::Elf { p_flags, .. } => p_flags.0 & object::elf::PF_W.0 != 0,
                _ => true,
            };
            let end = part.address().saturating_add(part.size());
            (part.address(), end, is_writable)
        })
        .collect();
    for (at, relocation) in file.dynamic_relocations().into_iter().flatten() {
        let is_data = |&(start, end, is_writable): &(u64, u64, bool)| {
            is_writable && at >= start && at.checked_add(WORD).is_some_and(|last| last <= end)
        };
        let to = relocation.addend() as u64;
        let is_inside = |&(start, end, _): &(u64, u64, bool)| (start..=end).contains(&to);
        let points = match relocation.flags() {
            RelocationFlags::Elf { r_type } => [
                object::elf::R_X86_64_RELATIVE,
                object::elf::R_AARCH64_RELATIVE,
            ]
            .contains(&r_type),
            _ => false,
        };
        if !parts.iter().any(is_data) || points && !parts.iter().any(is_inside) {
            return Err(format!(
                "is damaged: a relocation at {at:#x} points outside of it; copy it again"
            ));
        }
    }
    Ok(())
}

fn check_stamp(stamp: &Stamp) -> Result<(), String> {
    if stamp.magic != MAGIC {
        return Err("its stamp is not from nasfw; rebuild it".into());
    }
    if stamp.byte_order != 0x0102_0304 || stamp.pointer_bits != usize::BITS {
        return Err(format!(
            "its stamp is for another machine ({})",
            Stamp::text(&stamp.target)
        ));
    }
    if (stamp.size as usize) < size_of::<Stamp>() {
        return Err(format!(
            "its stamp has only {} bytes; rebuild it",
            stamp.size
        ));
    }
    let (major, minor) = (stamp.abi_major, stamp.abi_minor);
    if major != ABI_MAJOR || minor > ABI_MINOR {
        let fix = if (major, minor) > (ABI_MAJOR, ABI_MINOR) {
            "use a newer nasfw, or build it with an older SDK"
        } else {
            "rebuild it with the SDK of this nasfw"
        };
        return Err(format!(
            "speaks version {major}.{minor} of the plugin interface ({}), but this \
             program speaks {ABI_MAJOR}.{ABI_MINOR}; {fix}",
            Stamp::text(&stamp.sdk)
        ));
    }
    if !(stamp.ir_min..=stamp.ir_max).contains(&IR_VERSION) {
        return Err(format!(
            "writes graphs of version {} to {}, but this program reads {IR_VERSION}; rebuild it with \
             the SDK of this nasfw",
            stamp.ir_min, stamp.ir_max
        ));
    }
    Ok(())
}
