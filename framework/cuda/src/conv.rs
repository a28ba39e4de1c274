//! Convolutions: dense ones as matrix products by cuBLAS, grouped ones by a dedicated kernel.
#![allow(unsafe_code, reason = "a kernel's parameter must be marked as one")]

use cudarc::driver::{DevicePtr, DeviceRepr};
use dfdx::prelude::{Cuda, Gradients, Tape};

use super::address::address;
use super::device::CudaKernels;
use super::gpu::{Gpu, PER_SUM, as_they_are};
use super::tape::{Done, gradient, take_gradient};
use nasfw_network::kernels::{Conv, Flat, Map, MapShape, map_shape};

/// Maximum number of patch values at a time: 256 MiB. Larger batches go image by image.
const MAX_PATCHES: usize = 1 << 26;

/// `struct Conv` of `kernels.cu`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Sizes {
    batch: i32,
    height: i32,
    width: i32,
    channels: i32,
    out_height: i32,
    out_width: i32,
    outputs: i32,
    kernel: i32,
    stride: i32,
    dilation: i32,
    padding: i32,
    groups: i32,
}

// SAFETY: the same twelve ints as in `kernels.cu`, passed by value.
unsafe impl DeviceRepr for Sizes {}

as_they_are!(Sizes);

impl Sizes {
    fn of(conv: &Conv) -> Self {
        let (input, output) = (conv.input, conv.output());
        let of = |n: usize| n as i32;
        Self {
            batch: of(input.batch),
            height: of(input.height),
            width: of(input.width),
            channels: of(input.channels),
            out_height: of(output.height),
            out_width: of(output.width),
            outputs: of(conv.out_channels),
            kernel: of(conv.kernel),
            stride: of(conv.stride),
            dilation: of(conv.dilation),
            padding: of(conv.padding()),
            groups: of(conv.groups),
        }
    }
}

impl CudaKernels {
    pub(super) fn convolve<T: Tape<f32, Cuda>>(
        &self,
        conv: &Conv,
        x: &Map<Cuda>,
        weight: &Flat<Cuda>,
        bias: Option<&Flat<Cuda>>,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Done<Map<Cuda>> {
        // The last step of an epoch may have a smaller batch than planned.
        let conv = Conv {
            input: map_shape(x),
            ..*conv
        };
        let y = self.map(conv.output())?;
        self.gpu
            .convolve(&conv, address(x)?, address(weight)?, address(&y)?)?;
        if let Some(bias) = bias {
            let (n, to) = (conv.output().len(), address(&y)?);
            let parameters = (n, conv.out_channels, 0_i32, to, 0_u64, address(bias)?, to);
            self.gpu.launch("nasfw_scale_shift", n, parameters)?;
        }
        if T::OWNS_TAPE {
            let (kernels, out) = (self.clone(), y.ghost());
            let (x, weight, bias) = (x.clone(), weight.clone(), bias.cloned());
            tape.add_backward_op(move |gradients: &mut Gradients<f32, Cuda>| {
                let dy = take_gradient!(kernels, gradients, &out);
                let dy = *dy.device_ptr();
                let gpu = &kernels.gpu;
                if let Some(bias) = &bias {
                    let rows = (1, conv.output().pixels(), conv.out_channels);
                    gpu.sum_rows(rows, 1.0, true, dy, gradient!(gradients, bias))?;
                }
                let dweight = gradient!(gradients, &weight);
                gpu.weight_gradient(&conv, address(&x)?, dy, dweight)?;
                if needs_input_gradient {
                    let dx = gradient!(gradients, &x);
                    gpu.input_gradient(&conv, address(&weight)?, dy, dx)?;
                }
                Ok(())
            });
        }
        Ok(y)
    }
}

impl Gpu {
    pub(super) fn convolve(&self, conv: &Conv, x: u64, weight: u64, y: u64) -> Done<()> {
        if conv.groups > 1 {
            let n = conv.output().len();
            return self.launch("nasfw_grouped", n, (Sizes::of(conv), n, x, weight, y));
        }
        self.by_patches(conv, x, |part, patches| {
            let y = y + part.first_output * conv.out_channels as u64 * F32;
            self.product(part.dims(conv), patches, weight, 0.0, y)
        })
    }

    fn weight_gradient(&self, conv: &Conv, x: u64, dy: u64, dweight: u64) -> Done<()> {
        if conv.groups > 1 {
            let pixels = conv.output().pixels();
            let (parts, weights) = (pixels.div_ceil(PER_SUM), conv.weight_len());
            let stage = self.buffer::<f32>(parts * weights)?;
            let to = *stage.device_ptr();
            let parameters = (Sizes::of(conv), pixels, PER_SUM, x, dy, to);
            self.launch("nasfw_grouped_weight_gradient", parts * weights, parameters)?;
            return self.sum_rows((1, parts, weights), 1.0, true, to, dweight);
        }
        self.by_patches(conv, x, |part, patches| {
            let dy = dy + part.first_output * conv.out_channels as u64 * F32;
            self.product_of_left(part.dims(conv), patches, dy, 1.0, dweight)
        })
    }

    fn input_gradient(&self, conv: &Conv, weight: u64, dy: u64, dx: u64) -> Done<()> {
        if conv.groups > 1 {
            let n = conv.input.len();
            let parameters = (Sizes::of(conv), n, dy, weight, dx);
            return self.launch("nasfw_grouped_input_gradient", n, parameters);
        }
        for part in parts(conv) {
            let dy = dy + part.first_output * conv.out_channels as u64 * F32;
            let (m, k, _) = part.dims(conv);
            if is_pointwise(conv) {
                self.product_of_right(part.dims(conv), dy, weight, 1.0, dx)?;
                continue;
            }
            let patches = self.buffer::<f32>(m * k)?;
            let from = *patches.device_ptr();
            self.product_of_right(part.dims(conv), dy, weight, 0.0, from)?;
            let (n, dx) = (part.input.len(), dx + part.first_input * F32);
            let sizes = Sizes::of(&part.of(conv));
            self.launch("nasfw_patches_backward", n, (sizes, n, from, dx))?;
        }
        Ok(())
    }

    /// Calls `each` with the patches of all outputs, a few images at a time.
    fn by_patches(&self, conv: &Conv, x: u64, each: impl Fn(&Part, u64) -> Done<()>) -> Done<()> {
        for part in parts(conv) {
            if is_pointwise(conv) {
                each(&part, x)?;
                continue;
            }
            let (m, k, _) = part.dims(conv);
            let patches = self.buffer::<f32>(m * k)?;
            let to = *patches.device_ptr();
            let sizes = Sizes::of(&part.of(conv));
            let from = x + part.first_input * F32;
            self.launch("nasfw_patches", m * k, (sizes, m * k, from, to))?;
            each(&part, to)?;
        }
        Ok(())
    }
}

/// Size of a value in bytes.
const F32: u64 = 4;

/// Some images of a batch.
struct Part {
    input: MapShape,
    outputs: usize,
    /// Values of the input before them.
    first_input: u64,
    /// Output pixels before them.
    first_output: u64,
}

impl Part {
    /// The convolution of these images only.
    fn of(&self, conv: &Conv) -> Conv {
        Conv {
            input: self.input,
            ..*conv
        }
    }

    /// Rows of patches, length of a row, and length of a row of outputs.
    fn dims(&self, conv: &Conv) -> (usize, usize, usize) {
        let length = conv.kernel * conv.kernel * conv.input.channels;
        (self.outputs, length, conv.out_channels)
    }
}

/// Splits a batch into parts whose patches fit the limit.
fn parts(conv: &Conv) -> Vec<Part> {
    let (input, output) = (conv.input, conv.output());
    let per_image = output.height * output.width;
    let patches = per_image * conv.kernel * conv.kernel * input.channels;
    let at_once = if is_pointwise(conv) {
        input.batch
    } else {
        (MAX_PATCHES / patches.max(1)).clamp(1, input.batch.max(1))
    };
    let starts = (0..input.batch).step_by(at_once.max(1));
    let part = |first: usize| {
        let batch = at_once.min(input.batch - first);
        Part {
            input: MapShape { batch, ..input },
            outputs: batch * per_image,
            first_input: (first * input.height * input.width * input.channels) as u64,
            first_output: (first * per_image) as u64,
        }
    };
    starts.map(part).collect()
}

/// True if a map is its own patch matrix.
fn is_pointwise(conv: &Conv) -> bool {
    conv.kernel == 1 && conv.stride == 1
}
