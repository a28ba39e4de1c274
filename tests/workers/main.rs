//! Searches evaluated in worker processes: the same trials, whatever happens to any of them.
//!
//! | file | shows |
//! |---|---|
//! | `search.rs` | how the tests here call the program |
//! | `matrix.rs` | any number of workers, any finishing order: the same trials |
//! | `kills.rs` | killed at random moments and resumed: the same bytes |
//! | `isolation.rs` | what a worker that crashes, hangs or grows costs |
//! | `signals.rs` | Ctrl-C, SIGTERM, and that no worker outlives the program |
//! | `audit.rs` | `replay` and `verify` |
//! | `learning.rs` | what controllers learn from failures |
//! | `faults.rs` | a disk that fills or fails |
//!
//! `tests/endurance.sh` runs the first two for longer.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../program/mod.rs"]
mod program;

// Linked for what it registers.
use nasfw_plugins as _;

mod audit;
mod faults;
mod isolation;
mod kills;
mod learning;
mod matrix;
mod search;
mod signals;
