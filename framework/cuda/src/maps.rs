//! Operations without parameters: resizing, averages, sums, concatenation.
#![allow(unsafe_code, reason = "a kernel's parameter must be marked as one")]

use cudarc::driver::{DevicePtr, DeviceRepr, DriverError, sys};
use dfdx::prelude::{Cuda, CudaError, Gradients, Tape};
use nasfw_sdk::Size;

use super::address::address;
use super::device::CudaKernels;
use super::gpu::as_they_are;
use super::tape::{Done, gradient, take_gradient};
use nasfw_network::kernels::{Map, MapShape, map_shape};

/// `struct Resize` of `kernels.cu`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Sizes {
    height: i32,
    width: i32,
    channels: i32,
    out_height: i32,
    out_width: i32,
}

// SAFETY: the same five ints as in `kernels.cu`, passed by value.
unsafe impl DeviceRepr for Sizes {}

as_they_are!(Sizes);

impl CudaKernels {
    pub(super) fn resize_bilinear<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        Size { width, height }: Size,
        tape: &mut T,
    ) -> Done<Map<Cuda>> {
        let from = map_shape(x);
        let to = MapShape {
            height,
            width,
            ..from
        };
        let sizes = Sizes {
            height: from.height as i32,
            width: from.width as i32,
            channels: from.channels as i32,
            out_height: height as i32,
            out_width: width as i32,
        };
        let y = self.map(to)?;
        let parameters = (sizes, to.len(), address(x)?, address(&y)?);
        self.gpu.launch("nasfw_resize", to.len(), parameters)?;
        if T::OWNS_TAPE {
            let (kernels, out, x) = (self.clone(), y.ghost(), x.clone());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let dy = take_gradient!(kernels, gradients, &out);
                let dx = gradient!(gradients, &x);
                let parameters = (sizes, from.len(), *dy.device_ptr(), dx);
                (kernels.gpu).launch("nasfw_resize_backward", from.len(), parameters)
            });
        }
        Ok(y)
    }

    /// The index of the largest channel of every pixel, `(batch, height, width, 1)`.
    pub(super) fn largest_channels(&self, x: &Map<Cuda>) -> Done<Map<Cuda>> {
        let from = map_shape(x);
        let y = self.map(MapShape {
            channels: 1,
            ..from
        })?;
        let parameters = (from.pixels(), from.channels, address(x)?, address(&y)?);
        (self.gpu).launch("nasfw_argmax", from.pixels(), parameters)?;
        Ok(y)
    }

    pub(super) fn average<T: Tape<f32, Cuda>>(
        &self,
        x: &Map<Cuda>,
        tape: &mut T,
    ) -> Done<Map<Cuda>> {
        let from = map_shape(x);
        let (batch, rows, columns) = (from.batch, from.height * from.width, from.channels);
        let share = 1.0 / rows.max(1) as f32;
        let y = self.map(MapShape::new(batch, 1, 1, columns))?;
        let dims = (batch, rows, columns);
        (self.gpu).sum_rows(dims, share, false, address(x)?, address(&y)?)?;
        if T::OWNS_TAPE {
            let (kernels, out, x) = (self.clone(), y.ghost(), x.clone());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let dy = take_gradient!(kernels, gradients, &out);
                let (n, dx) = (from.len(), gradient!(gradients, &x));
                let parameters = (n, rows, columns, share, *dy.device_ptr(), dx);
                kernels.gpu.launch("nasfw_spread", n, parameters)
            });
        }
        Ok(y)
    }

    pub(super) fn sum<T: Tape<f32, Cuda>>(
        &self,
        xs: &[&Map<Cuda>],
        tape: &mut T,
    ) -> Done<Map<Cuda>> {
        let shape = map_shape(first(xs)?);
        let (n, y) = (shape.len(), self.map(shape)?);
        for x in xs {
            (self.gpu).launch("nasfw_add", n, (n, address(x)?, address(&y)?))?;
        }
        if T::OWNS_TAPE {
            let xs: Vec<Map<Cuda>> = xs.iter().map(|&x| x.clone()).collect();
            let (kernels, out) = (self.clone(), y.ghost());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let dy = take_gradient!(kernels, gradients, &out);
                for x in &xs {
                    let dx = gradient!(gradients, x);
                    (kernels.gpu).launch("nasfw_add", n, (n, *dy.device_ptr(), dx))?;
                }
                Ok(())
            });
        }
        Ok(y)
    }

    pub(super) fn concatenate<T: Tape<f32, Cuda>>(
        &self,
        xs: &[&Map<Cuda>],
        tape: &mut T,
    ) -> Done<Map<Cuda>> {
        let channels: usize = xs.iter().map(|x| map_shape(x).channels).sum();
        let shape = MapShape {
            channels,
            ..map_shape(first(xs)?)
        };
        let y = self.map(shape)?;
        let mut offset = 0;
        for x in xs {
            let (n, columns) = (map_shape(x).len(), map_shape(x).channels);
            let parameters = (n, columns, channels, offset, address(x)?, address(&y)?);
            self.gpu.launch("nasfw_put_columns", n, parameters)?;
            offset += columns;
        }
        if T::OWNS_TAPE {
            let xs: Vec<Map<Cuda>> = xs.iter().map(|&x| x.clone()).collect();
            let (kernels, out) = (self.clone(), y.ghost());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let dy = take_gradient!(kernels, gradients, &out);
                let mut offset = 0_usize;
                for x in &xs {
                    let (n, columns) = (map_shape(x).len(), map_shape(x).channels);
                    let dx = gradient!(gradients, x);
                    let parameters = (n, columns, channels, offset, *dy.device_ptr(), dx);
                    (kernels.gpu).launch("nasfw_take_columns", n, parameters)?;
                    offset += columns;
                }
                Ok(())
            });
        }
        Ok(y)
    }
}

fn first<'a>(xs: &[&'a Map<Cuda>]) -> Done<&'a Map<Cuda>> {
    let none = DriverError(sys::CUresult::CUDA_ERROR_INVALID_VALUE);
    xs.first().copied().ok_or(CudaError::Driver(none))
}
