//! The operations as [`Kernels`].

use cudarc::driver::{CudaSlice, DevicePtr};
use dfdx::prelude::{
    Cache, Cuda, CudaError, Gradients, NoneTape, Synchronize, Tape, TensorFromVec,
};
use nasfw_sdk::Size;

use super::address::address;
use super::device::CudaKernels;
use super::{guard, open};
use nasfw_network::kernels::{
    Activation, Affine, Conv, Flat, Kernels, Map, MapShape, Normalised, Scalar, Store,
    check_labels, device_result, map_shape,
};
use nasfw_network::{Error, Result};

/// A convolution with its epilogue in evaluation.
#[derive(Clone, Debug)]
pub struct PreparedConv {
    conv: Conv,
    weight: Flat<Cuda>,
    scale: Option<Flat<Cuda>>,
    shift: Option<Flat<Cuda>>,
    activation: Activation,
}

/// A store's samples on the device.
struct Kept(CudaSlice<f32>);

impl Kernels for CudaKernels {
    type Device = Cuda;
    type PreparedConv = PreparedConv;

    fn device(&self) -> &Cuda {
        &self.device
    }

    fn wait(&self) -> Result<()> {
        device_result(self.device.try_synchronize())
    }

    fn release(&self) -> Result<()> {
        device_result(self.device.try_empty_cache())?;
        open::trim(&self.gpu.device)
    }

    fn keep(&self, store: &Store) -> Result<bool> {
        // If memory is short, they stay on the host.
        let copy = self.gpu.device.htod_sync_copy(store.values());
        match copy {
            Ok(copy) => store.keep(Kept(copy)),
            Err(_) => return Ok(false),
        }
        Ok(true)
    }

    fn samples(&self, store: &Store, which: &[usize], shape: MapShape) -> Result<Map<Cuda>> {
        let Some(Kept(copy)) = store.kept::<Kept>() else {
            let dims = (shape.batch, shape.height, shape.width, shape.channels);
            let values = store.gather(which);
            return device_result((self.device).try_tensor_from_vec(values, dims));
        };
        let gathered = || {
            let y = self.map(shape)?;
            let index: Vec<u32> = which.iter().map(|&at| at as u32).collect();
            let index = self.gpu.upload(index)?;
            let (n, length) = (shape.len(), store.length());
            let (at, from) = (*index.device_ptr(), *copy.device_ptr());
            let parameters = (n, length, at, from, address(&y)?);
            self.gpu.launch("nasfw_samples", n, parameters)?;
            Ok(y)
        };
        device_result::<_, CudaError>(gathered())
    }

    fn guard<T, E: From<Error>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        guard::guard(work)
    }

    fn conv<T: Tape<f32, Cuda>>(
        &self,
        conv: &Conv,
        x: &Map<Cuda>,
        weight: &Flat<Cuda>,
        bias: Option<&Flat<Cuda>>,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Result<Map<Cuda>> {
        device_result(self.convolve(conv, x, weight, bias, needs_input_gradient, tape))
    }

    fn batch_norm<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        affine: Affine<'_, Cuda>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Normalised<Cuda>> {
        device_result(self.normalise(x, affine, activation, tape))
    }

    fn scale_shift<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        scale: &Flat<Cuda>,
        shift: &Flat<Cuda>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<Cuda>> {
        device_result(self.scale_and_shift(x, Some(scale), Some(shift), activation, tape))
    }

    fn prepare(
        &self,
        conv: &Conv,
        weight: &Flat<Cuda>,
        scale: Option<&Flat<Cuda>>,
        shift: Option<&Flat<Cuda>>,
        activation: Activation,
    ) -> Result<PreparedConv> {
        Ok(PreparedConv {
            conv: *conv,
            weight: weight.clone(),
            scale: scale.cloned(),
            shift: shift.cloned(),
            activation,
        })
    }

    fn prepared_output(&self, conv: &PreparedConv) -> MapShape {
        conv.conv.output()
    }

    fn prepared_conv(&self, prepared: &PreparedConv, x: &Map<Cuda>) -> Result<Map<Cuda>> {
        let (scale, shift) = (prepared.scale.as_ref(), prepared.shift.as_ref());
        let run = || {
            let none = &mut NoneTape;
            let y = self.convolve(&prepared.conv, x, &prepared.weight, None, false, none)?;
            let is_bare = scale.is_none() && shift.is_none();
            if !(is_bare && prepared.activation == Activation::Identity) {
                self.scale_and_shift_into(&y, scale, shift, prepared.activation, &y)?;
            }
            Ok(y)
        };
        device_result::<_, CudaError>(run())
    }

    fn activation<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<Cuda>> {
        device_result(self.scale_and_shift(x, None, None, activation, tape))
    }

    fn resize<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        size: Size,
        tape: &mut T,
    ) -> Result<Map<Cuda>> {
        device_result(self.resize_bilinear(x, size, tape))
    }

    fn global_average<T: Tape<f32, Cuda>>(&self, x: &Map<Cuda>, tape: &mut T) -> Result<Map<Cuda>> {
        device_result(self.average(x, tape))
    }

    fn add<T: Tape<f32, Cuda>>(&self, xs: &[&Map<Cuda>], tape: &mut T) -> Result<Map<Cuda>> {
        device_result(self.sum(xs, tape))
    }

    fn concat<T: Tape<f32, Cuda>>(&self, xs: &[&Map<Cuda>], tape: &mut T) -> Result<Map<Cuda>> {
        device_result(self.concatenate(xs, tape))
    }

    fn argmax(&self, x: &Map<Cuda>) -> Result<Vec<f32>> {
        device_result(self.largest_channels(x)).map(|classes| classes.as_vec())
    }

    fn cross_entropy<T: Tape<f32, Cuda>>(
        &self,
        logits: &Map<Cuda>,
        labels: &[u8],
        ignore: u8,
        tape: &mut T,
    ) -> Result<Scalar<Cuda>> {
        check_labels(labels, map_shape(logits), ignore)?;
        device_result(self.entropy(logits, labels, ignore, tape))
    }

    fn berhu<T: Tape<f32, Cuda>>(
        &self,
        depth: &Map<Cuda>,
        truth: &Map<Cuda>,
        tape: &mut T,
    ) -> Result<Scalar<Cuda>> {
        device_result(self.reverse_huber(depth, truth, tape))
    }

    fn squared_error<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        truth: &Map<Cuda>,
        mask: Option<&Map<Cuda>>,
        tape: &mut T,
    ) -> Result<Scalar<Cuda>> {
        device_result(self.squares(x, truth, mask, tape))
    }

    fn clip_gradients(
        &self,
        gradients: &mut Gradients<f32, Cuda>,
        parameters: &[&Flat<Cuda>],
        max_norm: f32,
    ) -> Result<Scalar<Cuda>> {
        device_result(self.clip(gradients, parameters, max_norm))
    }
}
