//! The file that a user's programs share.

use std::path::PathBuf;

/// The environment variable with the path of the file to use in place of the user's, or `off`.
pub const PLACE_VARIABLE: &str = "NASFW_CACHE";

/// The default limit of a cache's contents in bytes: 2 GiB, about 200 warm-ups of an encoder.
pub const LIMIT_BYTES: u64 = 2 << 30;

/// Returns the path in `NASFW_CACHE`, or `nasfw/cache.db` in the user's cache folder; `None` where
/// the variable is `off`, or the system names no such folder.
pub fn user_file() -> Option<PathBuf> {
    match std::env::var_os(PLACE_VARIABLE) {
        Some(path) if path == "off" => None,
        Some(path) if !path.is_empty() => Some(path.into()),
        _ => Some(dirs::cache_dir()?.join("nasfw").join("cache.db")),
    }
}
