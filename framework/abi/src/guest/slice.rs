//! The pointers of a call as Rust slices.

use crate::table::{Bytes, RawSlice, SLICE_F32, SLICE_U8, WRITABLE};
use crate::truth::Numbers;
use nasfw_sdk::error::{Error, Result};

/// A slice that the program lends during a call.
#[derive(Debug)]
pub(super) enum Slice<'a> {
    U8(&'a [u8]),
    F32(&'a [f32]),
    U8Mut(&'a mut [u8]),
    F32Mut(&'a mut [f32]),
}

impl Slice<'_> {
    /// A copy of the numbers.
    pub(super) fn numbers(&self) -> Numbers {
        match self {
            Self::U8(values) => Numbers::U8(values.to_vec()),
            Self::U8Mut(values) => Numbers::U8(values.to_vec()),
            Self::F32(values) => Numbers::F32(values.to_vec()),
            Self::F32Mut(values) => Numbers::F32(values.to_vec()),
        }
    }

    /// Copies numbers into a slice that may be written.
    pub(super) fn fill(&mut self, numbers: &Numbers) -> Result<()> {
        let (length, wanted) = (numbers.len(), self.len());
        match (self, numbers) {
            (Self::U8Mut(to), Numbers::U8(from)) if to.len() == from.len() => {
                to.copy_from_slice(from);
            }
            (Self::F32Mut(to), Numbers::F32(from)) if to.len() == from.len() => {
                to.copy_from_slice(from);
            }
            _ => {
                let expected = format!("{wanted} values of the right kind are needed");
                return Err(Error::invalid(
                    "label",
                    format!("{length} values"),
                    expected,
                ));
            }
        }
        Ok(())
    }

    fn len(&self) -> usize {
        match self {
            Self::U8(s) => s.len(),
            Self::U8Mut(s) => s.len(),
            Self::F32(s) => s.len(),
            Self::F32Mut(s) => s.len(),
        }
    }
}

/// The error for slices that are not those of an operation.
pub(super) fn misfit(slices: &[Slice<'_>], expected: &str) -> Error {
    let lengths: Vec<usize> = slices.iter().map(Slice::len).collect();
    Error::invalid("slices", format!("slices of {lengths:?}"), expected)
}

/// # Safety
/// The bytes are valid for `'a`.
pub(super) unsafe fn bytes<'a>(bytes: Bytes) -> &'a [u8] {
    match bytes.len {
        0 => &[],
        // SAFETY: as promised; `ptr` may be null only when there are none.
        len => unsafe { std::slice::from_raw_parts(bytes.ptr, len) },
    }
}

/// # Safety
/// The array and every slice in it are valid for `'a`; those that may be written overlap no other.
pub(super) unsafe fn slices<'a>(raw: *const RawSlice, count: usize) -> Result<Vec<Slice<'a>>> {
    let raw: &[RawSlice] = match count {
        0 => &[],
        // SAFETY: as promised.
        _ => unsafe { std::slice::from_raw_parts(raw, count) },
    };
    raw.iter()
        .map(|s| {
            let may_write = s.flags & WRITABLE != 0;
            let alignment = if s.kind == SLICE_F32 {
                align_of::<f32>()
            } else {
                1
            };
            let ptr = match s.len {
                0 => std::ptr::without_provenance_mut(alignment),
                _ => s.ptr,
            };
            // SAFETY: as promised.
            unsafe {
                Ok(match (s.kind, may_write) {
                    (SLICE_U8, false) => Slice::U8(std::slice::from_raw_parts(ptr.cast(), s.len)),
                    (SLICE_F32, false) => Slice::F32(std::slice::from_raw_parts(ptr.cast(), s.len)),
                    (SLICE_U8, true) => {
                        Slice::U8Mut(std::slice::from_raw_parts_mut(ptr.cast(), s.len))
                    }
                    (SLICE_F32, true) => {
                        Slice::F32Mut(std::slice::from_raw_parts_mut(ptr.cast(), s.len))
                    }
                    (kind, _) => {
                        return Err(Error::invalid(
                            "slice kind",
                            kind,
                            "1 (bytes) or 2 (floats)",
                        ));
                    }
                })
            }
        })
        .collect()
}
