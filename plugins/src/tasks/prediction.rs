//! The checks that every scorer makes of a prediction.

use nasfw_sdk::{Error, LabelKind, Prediction, Result};

/// Checks that `prediction` has `channels` channels, as many values as its size says, and finite
/// values only.
///
/// # Errors
/// A value that is not finite is a failure of the network and no score, so it is refused.
pub(super) fn check(prediction: &Prediction<'_>, channels: usize) -> Result<()> {
    let Prediction { height, width, .. } = *prediction;
    if prediction.channels != channels {
        return Err(Error::invalid(
            "prediction",
            format!("{} channels", prediction.channels),
            format!("this data set needs {channels}"),
        ));
    }
    let wanted = height
        .checked_mul(width)
        .and_then(|n| n.checked_mul(channels));
    if wanted != Some(prediction.values.len()) {
        return Err(Error::invalid(
            "prediction",
            format!("{} values", prediction.values.len()),
            format!("{height} x {width} pixels of {channels} channels were announced"),
        ));
    }
    match prediction.values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(Error::invalid(
            format!("prediction value {at}"),
            prediction.values[at],
            "outputs must be finite",
        )),
        None => Ok(()),
    }
}

/// Checks that a truth map of `(height, width)` pixels covers `prediction`.
pub(super) fn same_size(
    prediction: &Prediction<'_>,
    (height, width): (usize, usize),
    values: usize,
) -> Result<()> {
    if (height, width) != (prediction.height, prediction.width)
        || height.checked_mul(width) != Some(values)
    {
        return Err(Error::invalid(
            "truth",
            format!("{height} x {width} pixels, {values} values"),
            format!(
                "the prediction has {} x {} pixels",
                prediction.height, prediction.width
            ),
        ));
    }
    Ok(())
}

/// The error of a truth of the wrong kind.
pub(super) fn wrong_kind(found: LabelKind, wanted: LabelKind) -> Error {
    Error::invalid(
        "truth",
        format!("{found:?}"),
        format!("this task needs {wanted:?}"),
    )
}
