//! Predictions of a trained network for an image.

use dfdx::prelude::TensorFromVec;
use nasfw_data::{Image, Transform};
use nasfw_kernels::resize_rows;
use nasfw_sdk::{Prediction, Size};

use crate::error::Result;
use crate::model::Model;
use nasfw_device::{Device, on_device};
use nasfw_network::Error as NetworkError;
use nasfw_network::kernels::{Kernels, MapShape, device_result, map_shape};

/// Values of a result that are resized at a time.
const BAND: usize = 1 << 22;

/// A trained network on a device, ready for images.
///
/// The classes of a photograph, pixel by pixel, from a model of a segmentation:
///
/// ```no_run
/// use nasfw_device::Device;
/// use nasfw_model::Model;
/// use nasfw_model::predict::Predictor;
///
/// let model = Model::load("models/first".as_ref())?;
/// let predictor = Predictor::new(&model, Device::Cpu)?;
/// let image = nasfw_data::read_rgb("photo.jpg".as_ref())?;
/// let output = predictor.predict(&image)?;
/// let mut mask: Vec<usize> = Vec::new();
/// output.rows(|logits| {
///     mask.extend(logits.chunks(output.channels()).map(nasfw_sdk::argmax));
///     Ok::<(), nasfw_model::Error>(())
/// })?;
/// assert_eq!(mask.len(), image.size.area());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Predictor {
    forward: Box<Forward>,
    transform: Transform,
}

/// Runs the network on the pixels of an image of the given size; returns the main output.
type Forward = dyn Fn(Vec<f32>, Size) -> Result<(MapShape, Vec<f32>)>;

impl std::fmt::Debug for Predictor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Predictor")
            .field("transform", &self.transform)
            .finish_non_exhaustive()
    }
}

/// Raw outputs (logits, metres, heatmaps), `(height, width, channels)` at the network's own
/// resolution.
#[derive(Clone, Debug)]
pub struct Output {
    shape: MapShape,
    values: Vec<f32>,
    image_px: Size,
}

impl Predictor {
    /// Loads the network of `model` onto the device called `on`. It sees images whole, with their
    /// shorter side as long as in training.
    ///
    /// # Errors
    /// When there is no such device, or it fails.
    pub fn new(model: &Model, on: Device) -> Result<Self> {
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
        let image_px = image.size;
        let (found, expected) = (image.pixels.len(), 3 * image_px.area());
        if found != expected {
            let message = format!(
                "an image of {} x {} pixels has {expected} values, not {found}",
                image_px.width, image_px.height
            );
            return Err(NetworkError::BadData { message }.into());
        }
        self.transform
            .check_size(image_px)
            .map_err(|e| NetworkError::BadData {
                message: e.to_string(),
            })?;
        let (values, size) = self.transform.image(image);
        let (shape, values) = (self.forward)(values, size)?;
        if let Some(value) = values.iter().find(|v| !v.is_finite()) {
            let message = format!("the network predicted {value}");
            return Err(NetworkError::Training(message).into());
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
    let run = move |values: Vec<f32>, size: Size| -> Result<_> {
        let on = network.kernels().device();
        let input = device_result(on.try_tensor_from_vec(values, (1, size.height, size.width, 3)))?;
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

    /// The same output for an image of another size, as which it is displayed.
    pub fn for_image_size(self, image_px: Size) -> Self {
        Self { image_px, ..self }
    }

    /// Resizes the output bilinearly to the image, as evaluation does: `each` is called with whole
    /// rows `(rows, width, channels)`, from top to bottom. An error stops the iteration.
    ///
    /// # Errors
    /// The first error of `each`.
    pub fn rows<E>(&self, mut each: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
        let Size { width, height } = self.image_px;
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
