//! One plugin of each kind, as small as a real one can be.
//!
//! The same files are linked into the test program and into a library, so that searches with both
//! can be compared.

pub(crate) mod controller;
pub(crate) mod data;
pub(crate) mod schedule;
pub(crate) mod space;
pub(crate) mod task;
