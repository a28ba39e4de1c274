//! One plugin of each kind, as small as a real one can be.
//!
//! The same files are linked into the test program and into a library, so that searches with both
//! can be compared.

mod controller;
mod data;
mod schedule;
mod space;
mod task;
