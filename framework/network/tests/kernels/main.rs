//! Kernel tests: composed kernels against loops in f64, hand-written ones against composed ones.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot run should stop where it stands"
)]

mod case;
mod outcome;
mod parity;
mod reference;
mod written_out;
