//! The readers on small sets made on the spot: what each format accepts, and what each kind of bad
//! input is answered with.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_coco;
mod bad_images;
mod bad_layout;
mod formats;
mod sets;
