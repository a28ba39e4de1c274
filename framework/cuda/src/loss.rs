//! The losses, and gradient clipping, without any read-back to the host.

use cudarc::driver::{CudaSlice, DevicePtr};
use dfdx::prelude::{Cuda, Gradients, Tape, ZerosTensor};

use super::address::address;
use super::device::CudaKernels;
use super::tape::{Done, gradient, take_gradient};
use nasfw_network::kernels::{Flat, Map, Scalar, map_shape};

/// Number of threads that process all parameters.
const THREADS: usize = 8192;

impl CudaKernels {
    pub(super) fn entropy<T: Tape<f32, Cuda>>(
        &self,
        logits: &Map<Cuda>,
        labels: &[u8],
        ignore: u8,
        tape: &mut T,
    ) -> Done<Scalar<Cuda>> {
        let (gpu, shape) = (&self.gpu, map_shape(logits));
        let (pixels, classes, out) = (shape.pixels(), shape.channels, i32::from(ignore));
        let count = labels.iter().filter(|&&label| label != ignore).count();
        let share = 1.0 / count.max(1) as f32;
        let labels = gpu.upload(labels.to_vec())?;
        let losses = gpu.buffer::<f32>(pixels)?;
        let (truth, to) = (*labels.device_ptr(), *losses.device_ptr());
        let parameters = (pixels, classes, out, share, truth, address(logits)?, to);
        gpu.launch("nasfw_cross_entropy", pixels, parameters)?;
        let sum = gpu.fold::<f32>("nasfw_sum", pixels, to)?;
        let loss = self.scalar(&sum)?;
        if T::OWNS_TAPE {
            let (kernels, ghost, x) = (self.clone(), loss.ghost(), logits.clone());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let upstream = take_gradient!(kernels, gradients, &ghost);
                let (truth, up) = (*labels.device_ptr(), *upstream.device_ptr());
                let (from, dx) = (address(&x)?, gradient!(gradients, &x));
                let parameters = (pixels, classes, out, share, truth, from, up, dx);
                (kernels.gpu).launch("nasfw_cross_entropy_backward", pixels, parameters)
            });
        }
        Ok(loss)
    }

    pub(super) fn reverse_huber<T: Tape<f32, Cuda>>(
        &self,
        depth: &Map<Cuda>,
        truth: &Map<Cuda>,
        tape: &mut T,
    ) -> Done<Scalar<Cuda>> {
        let (gpu, n) = (&self.gpu, map_shape(depth).len());
        let (errors, counts) = (gpu.buffer::<f32>(n)?, gpu.buffer::<f32>(n)?);
        let (e, ones) = (*errors.device_ptr(), *counts.device_ptr());
        let parameters = (n, address(depth)?, address(truth)?, e, ones);
        gpu.launch("nasfw_berhu_errors", n, parameters)?;
        let largest = gpu.fold::<f32>("nasfw_largest", n, e)?;
        let count = gpu.fold::<f32>("nasfw_sum", n, ones)?;
        gpu.launch("nasfw_berhu", n, (n, *largest.device_ptr(), e))?;
        let sum = gpu.fold::<f32>("nasfw_sum", n, e)?;
        let loss = self.mean_of(&sum, &count)?;
        if T::OWNS_TAPE {
            let (kernels, ghost) = (self.clone(), loss.ghost());
            let (depth, truth) = (depth.clone(), truth.clone());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let upstream = take_gradient!(kernels, gradients, &ghost);
                let (c, up) = (*largest.device_ptr(), *upstream.device_ptr());
                let (from, wanted) = (address(&depth)?, address(&truth)?);
                let to = gradient!(gradients, &depth);
                let parameters = (n, c, *count.device_ptr(), from, wanted, up, to);
                (kernels.gpu).launch("nasfw_berhu_backward", n, parameters)
            });
        }
        Ok(loss)
    }

    pub(super) fn squares<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        truth: &Map<Cuda>,
        mask: Option<&Map<Cuda>>,
        tape: &mut T,
    ) -> Done<Scalar<Cuda>> {
        let (gpu, n) = (&self.gpu, map_shape(x).len());
        let (errors, counts) = (gpu.buffer::<f32>(n)?, gpu.buffer::<f32>(n)?);
        let (e, ones) = (*errors.device_ptr(), *counts.device_ptr());
        let counted = mask.map_or(Ok(0), address)?;
        let parameters = (n, address(x)?, address(truth)?, counted, e, ones);
        gpu.launch("nasfw_squared_errors", n, parameters)?;
        let sum = gpu.fold::<f32>("nasfw_sum", n, e)?;
        let count = gpu.fold::<f32>("nasfw_sum", n, ones)?;
        let loss = self.mean_of(&sum, &count)?;
        if T::OWNS_TAPE {
            let (kernels, ghost) = (self.clone(), loss.ghost());
            let (x, truth, mask) = (x.clone(), truth.clone(), mask.cloned());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let upstream = take_gradient!(kernels, gradients, &ghost);
                let counted = mask.as_ref().map_or(Ok(0), address)?;
                let (from, wanted) = (address(&x)?, address(&truth)?);
                let (ones, up) = (*count.device_ptr(), *upstream.device_ptr());
                let dx = gradient!(gradients, &x);
                let parameters = (n, from, wanted, counted, ones, up, dx);
                (kernels.gpu).launch("nasfw_squared_errors_backward", n, parameters)
            });
        }
        Ok(loss)
    }

    /// Scales gradients down to a joint norm; returns the original norm.
    pub(super) fn clip(
        &self,
        gradients: &mut Gradients<f32, Cuda>,
        parameters: &[&Flat<Cuda>],
        max_norm: f32,
    ) -> Done<Scalar<Cuda>> {
        let (mut vectors, mut lengths) = (Vec::new(), Vec::new());
        for &parameter in parameters {
            use dfdx::shapes::HasShape;
            vectors.push(gradient!(gradients, parameter));
            lengths.push(parameter.shape().0 as u64);
        }
        let (gpu, count) = (&self.gpu, vectors.len());
        let norm: Scalar<Cuda> = self.device.try_zeros_like(&())?;
        if count == 0 {
            return Ok(norm);
        }
        let (vectors, lengths) = (gpu.upload(vectors)?, gpu.upload(lengths)?);
        let (all, long) = (*vectors.device_ptr(), *lengths.device_ptr());
        let squares = gpu.buffer::<f64>(THREADS)?;
        let parts = *squares.device_ptr();
        let parameters = (count, THREADS, all, long, parts);
        gpu.launch("nasfw_squares", THREADS, parameters)?;
        let sum = gpu.fold::<f64>("nasfw_sum_double", THREADS, parts)?;
        let to = address(&norm)?;
        gpu.launch("nasfw_norm", 1, (1_usize, *sum.device_ptr(), to))?;
        gpu.launch(
            "nasfw_clip",
            THREADS,
            (count, THREADS, max_norm, to, all, long),
        )?;
        Ok(norm)
    }

    fn scalar(&self, value: &CudaSlice<f32>) -> Done<Scalar<Cuda>> {
        let scalar: Scalar<Cuda> = self.device.try_zeros_like(&())?;
        let parameters = (1_usize, *value.device_ptr(), address(&scalar)?);
        self.gpu.launch("nasfw_copy", 1, parameters)?;
        Ok(scalar)
    }

    fn mean_of(&self, sum: &CudaSlice<f32>, count: &CudaSlice<f32>) -> Done<Scalar<Cuda>> {
        let mean: Scalar<Cuda> = self.device.try_zeros_like(&())?;
        let parameters = (*sum.device_ptr(), *count.device_ptr(), address(&mean)?);
        self.gpu.launch("nasfw_mean", 1, parameters)?;
        Ok(mean)
    }
}
