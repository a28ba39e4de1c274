//! Sums and concatenations of maps.

use dfdx::prelude::{Device, Tape, TryAdd, TryConcatAlong};
use dfdx::shapes::Axis;

use super::{Map, MapDims, OpResult, Taped, on_tape, renamed};
use crate::error::{Error, Result};

/// The sum of maps of equal shape.
pub(super) fn add<D: Device<f32>, T: Tape<f32, D>>(xs: &[&Map<D>], tape: &mut T) -> Result<Map<D>> {
    fold(xs, tape, |sum, x| sum.try_add(x))
}

/// Concatenates maps along their channels.
pub(super) fn concat<D: Device<f32>, T: Tape<f32, D>>(
    xs: &[&Map<D>],
    tape: &mut T,
) -> Result<Map<D>> {
    fold(xs, tape, |front, x| (front, x).try_concat_along(Axis::<3>))
}

/// Folds `xs` from the left with a binary operation on maps.
fn fold<D: Device<f32>, T: Tape<f32, D>>(
    xs: &[&Map<D>],
    tape: &mut T,
    operation: impl Fn(Taped<MapDims, D, T>, Taped<MapDims, D, T>) -> OpResult<Taped<MapDims, D, T>, D>,
) -> Result<Map<D>> {
    let Some((first, rest)) = xs.split_first() else {
        return Err(Error::Device("no maps to combine".into()));
    };
    // From here on the result has an id that none of `xs` has, though one of them may occur again.
    let mut y = on_tape(first, tape, renamed)?;
    for x in rest {
        y = on_tape(&y, tape, |y| operation(y, x.retaped::<T>()))?;
    }
    Ok(y)
}
