//! Views of dfdx's CPU tensors as slices.
#![allow(
    unsafe_code,
    reason = "dfdx offers no other way to read a CPU tensor without a copy"
)]

use dfdx::prelude::{Cpu, Tensor};
use dfdx::shapes::Shape;

/// The elements of a contiguous CPU tensor in memory order.
///
/// # Panics
/// If the tensor is not contiguous (a broadcast, say). Every tensor the engine makes is.
pub(super) fn elements<S: Shape>(tensor: &Tensor<S, f32, Cpu>) -> &[f32]
where
    Tensor<S, f32, Cpu>:
        std::ops::Index<S::Concrete, Output = f32> + dfdx::shapes::HasShape<Shape = S>,
{
    use dfdx::shapes::HasShape;
    let shape = tensor.shape().concrete();
    let length = tensor.shape().num_elements();
    if length == 0 {
        return &[];
    }
    let first: *const f32 = &tensor[S::Concrete::default()];
    let mut end = shape;
    for axis in 0..S::NUM_DIMS {
        end[axis] -= 1;
    }
    let last: *const f32 = &tensor[end];
    assert_eq!(
        last as usize - first as usize,
        4 * (length - 1),
        "a contiguous tensor"
    );
    // SAFETY: `first` and `last` are elements of one live allocation, the tensor's `Vec<f32>`,
    // which the borrow of `tensor` keeps alive and unchanged; they lie `length - 1` elements apart
    // (checked above), so the `length` elements from `first` on are all inside it and initialised.
    // A permuted tensor would pass the check too; its elements would come in memory order, still
    // all valid. The pointer comes from a reference to one element because dfdx offers no other:
    // under the strictest reading of aliasing rules its reach is that element only, though no write
    // can race with us.
    unsafe { std::slice::from_raw_parts(first, length) }
}
