//! Searches evaluated in worker processes: the same trials, whatever happens to any of them.
//!
//! | file | tests |
//! |---|---|
//! | `search.rs` | helpers that call the program |
//! | `matrix.rs` | any number of workers, any finishing order: the same trials |
//! | `kills.rs` | killed at random moments and resumed: the same bytes |
//! | `isolation.rs` | the effect of a worker that crashes, hangs or grows |
//! | `signals.rs` | Ctrl-C, SIGTERM, and that no worker outlives the program |
//! | `given.rs` | architectures that the search chooses itself |
//! | `audit.rs` | `replay` and `verify` |
//! | `learning.rs` | the effect of failures on controllers |
//! | `faults.rs` | a disk that fills up or fails |
//!
//! `tests/endurance.sh` runs longer versions of `kills.rs` and `matrix.rs`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../program/mod.rs"]
mod program;

// Linked so that its items are registered.
use nasfw_plugins as _;

mod audit;
mod faults;
mod given;
mod isolation;
mod kills;
mod learning;
mod matrix;
mod search;
mod signals;
