//! Predictions of a trained network for an image.

use dfdx::prelude::TensorFromVec;
use nasfw_data::{Image, Transform};
use nasfw_kernels::resize_rows;
use nasfw_sdk::Prediction;

use crate::device::on_device;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::network::kernels::{Kernels, MapShape, device, map_shape};

/// Maximum number of pixels of a scaled image: a narrow strip could otherwise be enlarged beyond
/// all memory.
const MOST_PX: usize = 16_000_000;

/// Values of a result that are resized at a time.
const BAND: usize = 1 << 22;

/// A trained network on a device, ready for images.
pub struct Predictor {
    forward: Box<Forward>,
    transform: Transform,
}

/// Runs the network on an image of `(width, height)`; returns the main output.
type Forward = dyn Fn(Vec<f32>, (usize, usize)) -> Result<(MapShape, Vec<f32>)>;

impl std::fmt::Debug for Predictor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Predictor")
            .field("transform", &self.transform)
            .finish_non_exhaustive()
    }
}

/// Raw outputs (logits, metres, heatmaps), `(height, width, channels)` at the network's own resolution.
#[derive(Clone, Debug)]
pub struct Output {
    shape: MapShape,
    values: Vec<f32>,
    image_px: (usize, usize),
}

impl Predictor {
    /// Loads the network of `model` onto the device called `on`. It sees images whole, with their
    /// shorter side as long as in training.
    ///
    /// # Errors
    /// When there is no such device, or it fails.
    pub fn new(model: &Model, on: &str) -> Result<Self> {
        let input = &model.description().input;
        let transform = Transform::new(input.shorter_side_px, input.height_px);
        let forward = on_device!(on, |kernels| forward_of(model, kernels))?;
        Ok(Self { forward, transform })
    }

    /// The scaling of images.
    pub fn transform(&self) -> &Transform {
        &self.transform
    }

    /// Runs the network on an image.
    ///
    /// # Errors
    /// When the image cannot be used, the device fails, or an output is not finite.
    pub fn predict(&self, image: &Image) -> Result<Output> {
        let image_px = (image.width, image.height);
        check_size(&self.transform, image_px)?;
        let (values, (width, height)) = self.transform.image(image);
        let (shape, values) = (self.forward)(values, (width, height))?;
        if let Some(value) = values.iter().find(|v| !v.is_finite()) {
            return Err(Error::Training(format!("the network predicted {value}")));
        }
        Ok(Output {
            shape,
            values,
            image_px,
        })
    }
}

fn forward_of<K: Kernels>(model: &Model, kernels: K) -> Result<Box<Forward>> {
    let network = model.network(kernels.clone())?;
    let run = move |values: Vec<f32>, (width, height): (usize, usize)| {
        let on = network.kernels().device();
        let input = device(on.try_tensor_from_vec(values, (1, height, width, 3)))?;
        let main = network.main_output();
        let output = network.forward_eval(&[input])?.swap_remove(main);
        Ok((map_shape(&output), output.as_vec()))
    };
    Ok(Box::new(move |values, size| {
        kernels.guard(|| run(values, size))
    }))
}

impl Output {
    /// Channels of the output.
    pub fn channels(&self) -> usize {
        self.shape.channels
    }

    /// The output at its own resolution.
    pub fn prediction(&self) -> Prediction<'_> {
        Prediction {
            height: self.shape.height,
            width: self.shape.width,
            channels: self.shape.channels,
            values: &self.values,
            image_size_px: self.image_px,
        }
    }

    /// The same output resized to another size, `(width, height)`, for display.
    pub fn resized(self, image_px: (usize, usize)) -> Self {
        Self { image_px, ..self }
    }

    /// Resizes the output bilinearly to the image, as evaluation does: `each` is called with whole
    /// rows `(rows, width, channels)`, from top to bottom. An error stops the iteration.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn rows<E>(&self, mut each: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
        let (width, height) = self.image_px;
        let row = width * self.shape.channels;
        let at_once = (BAND / row.max(1)).clamp(1, height.max(1));
        let mut band = vec![0.0; at_once * row];
        for first in (0..height).step_by(at_once) {
            let rows = at_once.min(height - first);
            let band = &mut band[..rows * row];
            resize_rows(self.shape, (height, width), first, &self.values, band);
            each(band)?;
        }
        Ok(())
    }
}

/// Checks that an image of this width and height can be scaled by `transform`.
///
/// # Errors
/// When it is a narrow strip that would be enlarged beyond reason.
pub fn check_size(transform: &Transform, (width, height): (usize, usize)) -> Result<()> {
    let (wide, high) = transform.scaled_px((width, height));
    match wide.saturating_mul(high) {
        0..=MOST_PX => Ok(()),
        _ => Err(Error::BadData {
            message: format!(
                "an image of {width} x {height} pixels would be scaled to {wide} x {high}, with its \
                 shorter side at {} as in training; the maximum is {} megapixels",
                transform.shorter_side_px,
                MOST_PX / 1_000_000
            ),
        }),
    }
}
