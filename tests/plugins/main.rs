//! Plugins in libraries of their own, as their users and authors meet them.
//!
//! | file | shows |
//! |---|---|
//! | `searches.rs` | a search with a library's items finds what it finds with the same items built in |
//! | `sides.rs` | the same calls on either side: the same answers, errors and draws |
//! | `files.rs` | files that are no plugins are refused with one line, and the program lives |
//! | `starts.rs` | libraries that misbehave while they are loaded |
//! | `flips.rs` | libraries with a bit flipped |
//! | `calls.rs`, `library.rs` | every call of every kind; where the libraries are |
//! | `replies.rs` | replies that are not what they should be |
//! | `panics.rs` | panics in every call |
//! | `runs.rs` | what misbehaviour costs a run: stops, resumes, other bytes |
//! | `commands.rs` | `plugins list` and `plugins check` |
//! | `compiler.rs` | what the compiler refuses |
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

// Linked for what it registers.
use nasfw_plugins as _;
