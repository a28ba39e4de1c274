//! Views of runs and models: pages, the terminal, event files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod pages;
#[path = "../program/mod.rs"]
mod program;
mod watch;
