//! A network's prediction for one image.

use crate::error::{Error, Result};
use crate::label::Label;
use crate::size::Size;

/// One image's network output, row-major and channels last: `(height, width, channels)`.
#[derive(Clone, Copy, Debug)]
pub struct Prediction<'a> {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Output channels.
    pub channels: usize,
    /// `height * width * channels` raw outputs (logits, metres, heatmaps).
    pub values: &'a [f32],
    /// Size of the image that the network was given.
    pub image_size_px: Size,
}

/// The index of the largest value, the first one on ties; NaN is never the largest.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (at, &value) in values.iter().enumerate() {
        if value > best.1 {
            best = (at, value);
        }
    }
    best.0
}

impl Prediction<'_> {
    /// The checks that every scorer needs: `channels` channels, as many values as the size
    /// requires, all of them finite, and the size of a ground-truth map.
    ///
    /// # Errors
    /// When a check fails; a value that is not finite is a failure of the network, not a bad score.
    pub fn check(&self, channels: usize, truth: &Label) -> Result<()> {
        let map = Size::new(self.width, self.height);
        if self.channels != channels {
            return Err(Error::invalid(
                "prediction",
                format!("{} channels", self.channels),
                format!("this data set needs {channels}"),
            ));
        }
        let wanted = map
            .height
            .checked_mul(map.width)
            .and_then(|n| n.checked_mul(channels));
        if wanted != Some(self.values.len()) {
            return Err(Error::invalid(
                "prediction",
                format!("{} values", self.values.len()),
                format!("expected {map} pixels of {channels} channels"),
            ));
        }
        if let Some(at) = self.values.iter().position(|v| !v.is_finite()) {
            return Err(Error::invalid(
                format!("prediction value {at}"),
                self.values[at],
                "outputs must be finite",
            ));
        }
        match truth.map() {
            Some((size, values)) if size != map || values != map.area() => Err(Error::invalid(
                "truth",
                format!("{size} pixels, {values} values"),
                format!("the prediction has {map} pixels"),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::argmax;

    #[test]
    fn argmax_takes_the_first_of_equals_and_never_nan() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[f32::NAN, -1.0, f32::NAN, 0.5]), 3);
        assert_eq!(argmax(&[f32::NAN; 3]), 0);
        assert_eq!(argmax(&[]), 0);
    }
}
