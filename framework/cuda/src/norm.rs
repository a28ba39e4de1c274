//! Batch normalisation, normalisation by fixed statistics, and activations.

use cudarc::driver::DevicePtr;
use dfdx::prelude::{Cuda, Gradients, Tape, ZerosTensor};

use super::address::address;
use super::device::CudaKernels;
use super::gpu::PER_SUM;
use super::tape::{Done, gradient, take_gradient};
use nasfw_network::kernels::{
    Activation, Affine, BatchStatistics, Flat, Map, NORM_EPSILON, Normalised, map_shape,
};

/// An activation, numbered as in `kernels.cu`.
fn number(activation: Activation) -> i32 {
    match activation {
        Activation::Identity => 0,
        Activation::Relu => 1,
        Activation::Relu6 => 2,
    }
}

impl CudaKernels {
    pub(super) fn normalise<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        affine: Affine<'_, Cuda>,
        activation: Activation,
        tape: &mut T,
    ) -> Done<Normalised<Cuda>> {
        let (gpu, shape) = (&self.gpu, map_shape(x));
        let (n, rows, columns) = (shape.len(), shape.pixels(), shape.channels);
        let (act, share) = (number(activation), 1.0 / rows.max(1) as f32);
        let flat = || self.device.try_zeros_like(&(columns,));
        let statistics: [Flat<Cuda>; 2] = [flat()?, flat()?];
        let [mean, variance] = [address(&statistics[0])?, address(&statistics[1])?];
        let from = address(x)?;
        gpu.sum_rows((1, rows, columns), share, false, from, mean)?;
        let parts = rows.div_ceil(PER_SUM);
        let stage = gpu.buffer::<f32>(parts * columns)?;
        let first = *stage.device_ptr();
        let parameters = (rows, columns, PER_SUM, from, mean, first);
        gpu.launch("nasfw_sum_deviations", parts * columns, parameters)?;
        gpu.sum_rows((1, parts, columns), share, false, first, variance)?;

        let y = self.map(shape)?;
        let (gamma, beta) = (address(affine.gamma)?, address(affine.beta)?);
        let (e, to) = (NORM_EPSILON, address(&y)?);
        let parameters = (n, columns, act, e, from, mean, variance, gamma, beta, to);
        gpu.launch("nasfw_normalise", n, parameters)?;
        let [mean, variance] = statistics.clone();
        let seen = BatchStatistics { mean, variance };
        if T::OWNS_TAPE {
            let (kernels, out, x, z) = (self.clone(), y.ghost(), x.clone(), y.clone());
            let (gamma, beta) = (affine.gamma.clone(), affine.beta.clone());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let gpu = &kernels.gpu;
                let dy = take_gradient!(kernels, gradients, &out);
                let dy = *dy.device_ptr();
                let [mean, variance] = [address(&statistics[0])?, address(&statistics[1])?];
                let (x_at, y_at) = (address(&x)?, address(&z)?);
                let stage = gpu.buffer::<f32>(parts * 2 * columns)?;
                let first = *stage.device_ptr();
                let parameters = (
                    rows, columns, PER_SUM, act, e, x_at, y_at, dy, mean, variance, first,
                );
                gpu.launch("nasfw_sum_normal_gradients", parts * columns, parameters)?;
                let means = gpu.buffer::<f32>(2 * columns)?;
                let of = *means.device_ptr();
                gpu.sum_rows((1, parts, 2 * columns), share, false, first, of)?;
                let (dbeta, dgamma) = (gradient!(gradients, &beta), gradient!(gradients, &gamma));
                let parameters = (columns, rows as f32, of, dbeta, dgamma);
                gpu.launch("nasfw_affine_gradients", columns, parameters)?;
                let (scale, dx) = (address(&gamma)?, gradient!(gradients, &x));
                let parameters = (
                    n, columns, act, e, x_at, y_at, dy, mean, variance, scale, of, dx,
                );
                gpu.launch("nasfw_normalise_backward", n, parameters)
            });
        }
        Ok((y, seen))
    }

    /// `activation(x · scale + shift)`; without a scale 1, without a shift 0.
    pub(super) fn scale_and_shift<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        scale: Option<&Flat<Cuda>>,
        shift: Option<&Flat<Cuda>>,
        activation: Activation,
        tape: &mut T,
    ) -> Done<Map<Cuda>> {
        let shape = map_shape(x);
        let (n, columns, act) = (shape.len(), shape.channels, number(activation));
        let y = self.map(shape)?;
        self.scale_and_shift_into(x, scale, shift, activation, &y)?;
        if T::OWNS_TAPE {
            let (kernels, out, x, z) = (self.clone(), y.ghost(), x.clone(), y.clone());
            let scale = scale.cloned();
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let dy = take_gradient!(kernels, gradients, &out);
                let scale = scale.as_ref().map_or(Ok(0), address)?;
                let (z, dx) = (address(&z)?, gradient!(gradients, &x));
                let parameters = (n, columns, act, z, *dy.device_ptr(), scale, dx);
                (kernels.gpu).launch("nasfw_scale_shift_backward", n, parameters)
            });
        }
        Ok(y)
    }

    /// The same, written to a given map, which may be `x` itself.
    pub(super) fn scale_and_shift_into(
        &self,
        x: &Map<Cuda>,
        scale: Option<&Flat<Cuda>>,
        shift: Option<&Flat<Cuda>>,
        activation: Activation,
        y: &Map<Cuda>,
    ) -> Done<()> {
        let shape = map_shape(x);
        let scale = scale.map_or(Ok(0), address)?;
        let shift = shift.map_or(Ok(0), address)?;
        let (n, columns, act) = (shape.len(), shape.channels, number(activation));
        let parameters = (n, columns, act, address(x)?, scale, shift, address(y)?);
        self.gpu.launch("nasfw_scale_shift", n, parameters)
    }
}
