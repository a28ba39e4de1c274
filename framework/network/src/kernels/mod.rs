//! The kernel trait, implemented per device, on dfdx's tape.
//!
//! dfdx has no convolution, pooling or run-time batch normalisation on stable Rust, so every step
//! of a network is a custom operation: composed of dfdx's own operations, which runs on any of its
//! devices and is the reference for tests ([`Composed`]), or hand-written for one device, as
//! [`CpuKernels`] for the CPU and `nasfw-cuda` for GPUs.
//!
//! To add a device, implement [`Kernels`] for it in a crate of its own, and name it in
//! `framework/device`; everything else is generic over [`Kernels`].

mod composed;
mod cpu;
mod error;
mod samples;

pub use composed::Composed;
pub use cpu::CpuKernels;
pub use error::{cuda_name, device_result};
pub use nasfw_kernels::{Activation, Conv, MapShape};
pub use samples::{BatchValues, Store};

use dfdx::prelude::{Device, Gradients, HasErr, Tape, Tensor};
use dfdx::shapes::HasShape;
use nasfw_sdk::Size;

use crate::error::{Error, Result};

/// A batch of maps, `(batch, height, width, channels)`, contiguous.
pub type Map<D> = Tensor<(usize, usize, usize, usize), f32, D>;
/// A contiguous vector: a parameter in its flat form, or one value per channel.
pub type Flat<D> = Tensor<(usize,), f32, D>;
/// A scalar.
pub type Scalar<D> = Tensor<(), f32, D>;
/// The device type of a kernel set.
pub type DeviceOf<K> = <K as Kernels>::Device;

/// ε of batch normalisation.
pub const NORM_EPSILON: f32 = 1e-5;

/// Scale and shift of a batch normalisation, one value per channel.
#[derive(Clone, Copy)]
pub struct Affine<'a, D: Device<f32>> {
    /// γ, the learned scale.
    pub gamma: &'a Flat<D>,
    /// β, the learned shift.
    pub beta: &'a Flat<D>,
}

/// Statistics of a batch over all its pixels, one value per channel.
pub struct BatchStatistics<D: Device<f32>> {
    /// Mean.
    pub mean: Flat<D>,
    /// Variance, divided by the number of pixels.
    pub variance: Flat<D>,
}

/// A normalised map with its statistics.
pub type Normalised<D> = (Map<D>, BatchStatistics<D>);

/// Differentiable operations for every step of a network and every loss.
///
/// Operations read their arguments, push their backward pass on `tape` (with a
/// [`NoneTape`](dfdx::tensor::NoneTape) they record nothing) and return the result. A map made by
/// one of them is read in one pass either by others of them or by dfdx's own operations, not by
/// both, because gradients between ours need not go through dfdx's [`Gradients`]. Weights of
/// convolutions are flat `(kernel, kernel, in / groups, out)`.
pub trait Kernels: Clone + std::fmt::Debug + 'static {
    /// The dfdx device that tensors live on.
    type Device: Device<f32>;

    /// A convolution in evaluation, prepared for maps of one size.
    type PreparedConv: Clone + std::fmt::Debug;

    /// The device.
    fn device(&self) -> &Self::Device;

    /// Waits until the device has finished all queued work; call it before reading a clock.
    fn wait(&self) -> Result<()> {
        Ok(())
    }

    /// Releases memory that the device keeps for later. Called between networks, whose maps have
    /// other sizes, and after one did not fit.
    fn release(&self) -> Result<()> {
        Ok(())
    }

    /// Copies samples to the device's memory, for [`samples`](Self::samples) to read; false if they
    /// do not fit or are equally close already.
    fn keep(&self, _store: &Store) -> Result<bool> {
        Ok(false)
    }

    /// Reads the given samples of a store, back to back, as a map.
    fn samples(
        &self,
        store: &Store,
        which: &[usize],
        shape: MapShape,
    ) -> Result<Map<Self::Device>> {
        use dfdx::prelude::TensorFromVec;
        let dims = (shape.batch, shape.height, shape.width, shape.channels);
        device_result((self.device()).try_tensor_from_vec(store.gather(which), dims))
    }

    /// Runs `work`; an out-of-memory panic of the device's library becomes an error.
    fn guard<T, E: From<Error>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        work()
    }

    /// Convolution with "same" padding. `needs_input_gradient` is false if nothing before `x` is
    /// trainable; its gradient is then not computed.
    fn conv<T: Tape<f32, Self::Device>>(
        &self,
        conv: &Conv,
        x: &Map<Self::Device>,
        weight: &Flat<Self::Device>,
        bias: Option<&Flat<Self::Device>>,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Result<Map<Self::Device>>;

    /// Batch normalisation by the batch's own statistics, followed by an activation.
    fn batch_norm<T: Tape<f32, Self::Device>>(
        &self,
        x: &Map<Self::Device>,
        affine: Affine<'_, Self::Device>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Normalised<Self::Device>>;

    /// Convolution without bias, batch normalisation and activation in one step.
    #[expect(clippy::too_many_arguments, reason = "one step with all its operands")]
    fn conv_norm<T: Tape<f32, Self::Device>>(
        &self,
        conv: &Conv,
        x: &Map<Self::Device>,
        weight: &Flat<Self::Device>,
        affine: Affine<'_, Self::Device>,
        activation: Activation,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Result<Normalised<Self::Device>> {
        let y = self.conv(conv, x, weight, None, needs_input_gradient, tape)?;
        self.batch_norm(&y, affine, activation, tape)
    }

    /// `activation(x · scale + shift)` per channel: normalisation by fixed statistics. `scale` and
    /// `shift` get no gradient.
    fn scale_shift<T: Tape<f32, Self::Device>>(
        &self,
        x: &Map<Self::Device>,
        scale: &Flat<Self::Device>,
        shift: &Flat<Self::Device>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<Self::Device>>;

    /// Prepares `activation(conv(x) · scale + shift)`, a convolution in evaluation, for maps of the
    /// size in `conv`. A missing scale is 1, a missing shift 0.
    fn prepare(
        &self,
        conv: &Conv,
        weight: &Flat<Self::Device>,
        scale: Option<&Flat<Self::Device>>,
        shift: Option<&Flat<Self::Device>>,
        activation: Activation,
    ) -> Result<Self::PreparedConv>;

    /// Output size of a prepared convolution.
    fn prepared_output(&self, conv: &Self::PreparedConv) -> MapShape;

    /// Runs a prepared convolution; nothing is recorded.
    fn prepared_conv(
        &self,
        conv: &Self::PreparedConv,
        x: &Map<Self::Device>,
    ) -> Result<Map<Self::Device>>;

    /// Runs two prepared convolutions, the second on the result of the first.
    fn prepared_pair(
        &self,
        first: &Self::PreparedConv,
        second: &Self::PreparedConv,
        x: &Map<Self::Device>,
    ) -> Result<Map<Self::Device>> {
        self.prepared_conv(second, &self.prepared_conv(first, x)?)
    }

    /// An element-wise non-linearity.
    fn activation<T: Tape<f32, Self::Device>>(
        &self,
        x: &Map<Self::Device>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<Self::Device>>;

    /// Bilinear resize, align_corners = false.
    fn resize<T: Tape<f32, Self::Device>>(
        &self,
        x: &Map<Self::Device>,
        size: Size,
        tape: &mut T,
    ) -> Result<Map<Self::Device>>;

    /// Mean over height and width: `(batch, 1, 1, channels)`.
    fn global_average<T: Tape<f32, Self::Device>>(
        &self,
        x: &Map<Self::Device>,
        tape: &mut T,
    ) -> Result<Map<Self::Device>>;

    /// Sum of one or more maps of equal shape; the same map may occur twice.
    fn add<T: Tape<f32, Self::Device>>(
        &self,
        xs: &[&Map<Self::Device>],
        tape: &mut T,
    ) -> Result<Map<Self::Device>>;

    /// Concatenation along channels; the same map may occur twice.
    fn concat<T: Tape<f32, Self::Device>>(
        &self,
        xs: &[&Map<Self::Device>],
        tape: &mut T,
    ) -> Result<Map<Self::Device>>;

    /// The index of the largest channel of every pixel, the first of equals, on the host; NaN for a
    /// pixel with a non-finite value.
    fn argmax(&self, x: &Map<Self::Device>) -> Result<Vec<f32>> {
        let is_finite = |pixel: &[f32]| pixel.iter().all(|v| v.is_finite());
        let values = x.as_vec();
        let pixels = values.chunks_exact(map_shape(x).channels.max(1));
        let of = |pixel: &[f32]| is_finite(pixel).then(|| nasfw_sdk::argmax(pixel) as f32);
        Ok(pixels.map(|pixel| of(pixel).unwrap_or(f32::NAN)).collect())
    }

    /// Softmax cross-entropy with one label per pixel, averaged over the labels that are not
    /// `ignore`; 0 if all are.
    fn cross_entropy<T: Tape<f32, Self::Device>>(
        &self,
        logits: &Map<Self::Device>,
        labels: &[u8],
        ignore: u8,
        tape: &mut T,
    ) -> Result<Scalar<Self::Device>>;

    /// Reverse Huber loss (Laina et al. 2016, eq. 2) against depths in metres, averaged over the
    /// pixels whose label is above 0; `c = 0.2 max e` over the batch is not differentiated.
    fn berhu<T: Tape<f32, Self::Device>>(
        &self,
        depth: &Map<Self::Device>,
        truth: &Map<Self::Device>,
        tape: &mut T,
    ) -> Result<Scalar<Self::Device>>;

    /// Squared error, averaged over the elements whose `mask` is 1 (all without a mask).
    fn squared_error<T: Tape<f32, Self::Device>>(
        &self,
        x: &Map<Self::Device>,
        truth: &Map<Self::Device>,
        mask: Option<&Map<Self::Device>>,
        tape: &mut T,
    ) -> Result<Scalar<Self::Device>>;

    /// Scales the gradients of `parameters` down to a joint norm of at most `max_norm`, and returns
    /// the original norm, which stays on the device. Every parameter must have a gradient.
    fn clip_gradients(
        &self,
        gradients: &mut Gradients<f32, Self::Device>,
        parameters: &[&Flat<Self::Device>],
        max_norm: f32,
    ) -> Result<Scalar<Self::Device>>;
}

/// Checks that there is one label per pixel, each a class or `ignore`.
pub fn check_labels(labels: &[u8], logits: MapShape, ignore: u8) -> Result<()> {
    let (pixels, classes) = (logits.pixels(), logits.channels);
    if labels.len() != pixels {
        let message = format!("{} labels for {pixels} pixels", labels.len());
        return Err(Error::Training(message));
    }
    let is_class = |label: u8| usize::from(label) < classes || label == ignore;
    match labels.iter().find(|&&label| !is_class(label)) {
        None => Ok(()),
        Some(label) => Err(Error::Training(format!(
            "label {label} is not one of the {classes} classes"
        ))),
    }
}

/// The shape of a map.
pub fn map_shape<D: Device<f32>>(x: &Map<D>) -> MapShape
where
    Map<D>: HasShape<Shape = (usize, usize, usize, usize)> + HasErr,
{
    let (batch, height, width, channels) = *x.shape();
    MapShape::new(batch, height, width, channels)
}
