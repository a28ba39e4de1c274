//! The program as scripts and people call it: output, exit codes, refusals.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench_search;
mod cache;
mod config;
mod describe;
mod halving;
#[path = "../program/mod.rs"]
mod program;
mod score;
mod store;
