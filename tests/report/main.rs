//! What is shown of runs and models: pages, the terminal, event files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod pages;
#[path = "../cli/program.rs"]
#[allow(dead_code, reason = "other test programs use the rest")]
mod program;
mod watch;
