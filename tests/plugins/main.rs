//! Plugins in separate libraries, as users and authors use them.
//!
//! | file | tests |
//! |---|---|
//! | `searches.rs` | a search with a library's items equals one with the same items built in |
//! | `sides.rs` | the same calls on either side: the same replies, errors and draws |
//! | `files.rs` | files that are no plugins are refused with one line, and the program survives |
//! | `starts.rs` | libraries that misbehave while they are loaded |
//! | `flips.rs` | libraries with a bit flipped |
//! | `calls.rs`, `library.rs` | every call of every kind; where the libraries are |
//! | `replies.rs` | wrong replies |
//! | `panics.rs` | panics in every call |
//! | `runs.rs` | the effect of misbehaviour on a run: stops, resumes, other bytes |
//! | `commands.rs` | `plugins list` and `plugins check` |
//! | `compiler.rs` | code that the compiler refuses |
//!
//! `guests/` holds the libraries, which are examples of this package.

#![cfg(unix)] // no other system loads libraries as plugins
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../program/mod.rs"]
mod program;

// The same items as in the library, built in.
#[path = "guests/kinds/mod.rs"]
mod kinds;

mod calls;
mod commands;
mod compiler;
mod files;
mod flips;
mod library;
mod panics;
mod replies;
mod runs;
mod searches;
mod sides;
mod starts;

// Linked so that its items are registered.
use nasfw_plugins as _;
