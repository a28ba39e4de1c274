//! The program's allocator.
//!
//! A training step allocates and frees hundreds of megabytes in large blocks. The system's
//! allocator, and mimalloc as it comes, hand such blocks back to the system within milliseconds and
//! fault every page in again in the next step: a fifth of a step was spent in the kernel.
#![allow(unsafe_code, reason = "mimalloc's options have no safe interface")]

use std::ffi::{c_int, c_long};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc.h, which the bindings leave out.
const PURGE_DELAY: c_int = 15;
/// Long compared to a step, short compared to a search.
const KEEP_MS: c_long = 2000;

/// Keeps freed memory for the next step.
pub(crate) fn keep_freed() {
    // SAFETY: sets a number that mimalloc reads when it frees pages; any option may be set at any
    // time, and an index beyond the last is ignored.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, KEEP_MS) };
}
