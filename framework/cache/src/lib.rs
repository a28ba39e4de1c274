//! Results of computations, kept by content and shared by all runs of a user.
//!
//! An entry is found by a [`Key`], the hash of everything that its content depends on. What is read
//! is what was written: an entry whose content no longer has the digest it was stored with is not
//! returned. So a computation that reads from the cache ends where it would have ended without it.
//!
//! The cache is one SQLite file. Several programs may use it at once; when its contents exceed the
//! limit, the entries that were used least recently go.
//!
//! | file | holds |
//! |---|---|
//! | `key.rs` | keys |
//! | `cache.rs` | opening, reading, writing, eviction |
//! | `upkeep.rs` | listing, clearing, verification |
//! | `place.rs` | the file that a user's programs share |
//! | `error.rs` | errors |

mod cache;
mod error;
mod key;
mod place;
mod upkeep;

pub use cache::Cache;
pub use error::{Error, Result};
pub use key::Key;
pub use place::{LIMIT_BYTES, PLACE_VARIABLE, user_file};
pub use upkeep::{Damaged, Entry};
