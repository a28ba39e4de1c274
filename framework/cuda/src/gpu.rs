//! A device with our kernels: launches, matrix products, sums.
#![allow(
    unsafe_code,
    reason = "kernels and cuBLAS take addresses; see the notes at each call"
)]

use std::sync::Arc;

use cudarc::cublas::{CudaBlas, result::sgemm, sys::cublasOperation_t as Operation};
use cudarc::driver::{
    CudaDevice, CudaFunction, CudaSlice, DevicePtr, DeviceRepr, DriverError, LaunchAsync,
    LaunchConfig, sys,
};

use super::tape::Done;

/// The kernels, compiled together with this program.
const PTX: &str = include_str!(concat!(env!("OUT_DIR"), "/kernels.ptx"));
/// Their source, for their names.
const SOURCE: &str = include_str!("kernels.cu");
const MODULE: &str = "nasfw";

/// Element types that kernels accept.
const MAX: usize = 1 << 31;
/// Threads per block.
const BLOCK: usize = 256;
/// Rows summed by one thread.
pub(super) const PER_SUM: usize = 32;

/// A device, cuBLAS on it, and our kernels.
pub(super) struct Gpu {
    pub(super) device: Arc<CudaDevice>,
    blas: CudaBlas,
}

impl std::fmt::Debug for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ordinal = self.device.ordinal();
        f.debug_struct("Gpu").field("ordinal", &ordinal).finish()
    }
}

impl Gpu {
    /// Loads the kernels.
    pub(super) fn new(device: Arc<CudaDevice>) -> Done<Self> {
        if !device.has_func(MODULE, "nasfw_add") {
            let names: Vec<&'static str> = kernel_names().collect();
            device.load_ptx(PTX.into(), MODULE, &names)?;
        }
        let blas = CudaBlas::new(device.clone())?;
        Ok(Self { device, blas })
    }

    /// Launches a kernel for `n` elements. The parameters are those in `kernels.cu`, in the same
    /// order; addresses are `u64`, 0 where the kernel does not need one.
    pub(super) fn launch<P: Parameters>(
        &self,
        kernel: &'static str,
        n: usize,
        parameters: P,
    ) -> Done<()>
    where
        CudaFunction: LaunchAsync<P::Form>,
    {
        if n == 0 {
            return Ok(());
        }
        let too_large = DriverError(sys::CUresult::CUDA_ERROR_INVALID_VALUE);
        let parameters = parameters.form().filter(|_| n <= MAX).ok_or(too_large)?;
        let missing = DriverError(sys::CUresult::CUDA_ERROR_NOT_FOUND);
        let function = self.device.get_func(MODULE, kernel).ok_or(missing)?;
        let blocks = n.div_ceil(BLOCK).min(1 << 20) as u32;
        let how = LaunchConfig {
            grid_dim: (blocks, 1, 1),
            block_dim: (BLOCK as u32, 1, 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: every kernel keeps to the lengths it is given; callers give those of memory that
        // lives until work queued after the launch frees it, on the one stream that there is.
        unsafe { function.launch(how, parameters) }?;
        Ok(())
    }

    /// Uninitialised memory for `len` values; the first kernel to use it writes it.
    pub(super) fn buffer<T: DeviceRepr>(&self, len: usize) -> Done<CudaSlice<T>> {
        // SAFETY: nothing reads it before a kernel has written it, see above.
        Ok(unsafe { self.device.alloc(len.max(1)) }?)
    }

    /// Uploads host values.
    pub(super) fn upload<T: DeviceRepr + Unpin>(&self, values: Vec<T>) -> Done<CudaSlice<T>> {
        Ok(self.device.htod_copy(values)?)
    }

    /// `y = a · b + keep · y` of row-major matrices (m, k), (k, n), (m, n).
    pub(super) fn product(&self, (m, k, n): Dims, a: u64, b: u64, keep: f32, y: u64) -> Done<()> {
        let (no, sizes) = (Operation::CUBLAS_OP_N, (n, m, k));
        self.gemm((no, no), sizes, (b, n), (a, k), keep, (y, n))
    }

    /// `b = aᵀ · y + keep · b`: the gradient of the right operand.
    pub(super) fn product_of_left(
        &self,
        (m, k, n): Dims,
        a: u64,
        y: u64,
        keep: f32,
        b: u64,
    ) -> Done<()> {
        let operations = (Operation::CUBLAS_OP_N, Operation::CUBLAS_OP_T);
        self.gemm(operations, (n, k, m), (y, n), (a, k), keep, (b, n))
    }

    /// `a = y · bᵀ + keep · a`: the gradient of the left operand.
    pub(super) fn product_of_right(
        &self,
        (m, k, n): Dims,
        y: u64,
        b: u64,
        keep: f32,
        a: u64,
    ) -> Done<()> {
        let operations = (Operation::CUBLAS_OP_T, Operation::CUBLAS_OP_N);
        self.gemm(operations, (k, m, n), (b, n), (y, n), keep, (a, k))
    }

    /// cuBLAS is column-major and we are row-major: our `a` is transposed for it.
    fn gemm(
        &self,
        (of_a, of_b): (Operation, Operation),
        (m, n, k): Dims,
        (a, a_row): (u64, usize),
        (b, b_row): (u64, usize),
        keep: f32,
        (y, y_row): (u64, usize),
    ) -> Done<()> {
        self.device.bind_to_thread()?;
        let [m, n, k, a_row, b_row, y_row] = [m, n, k, a_row, b_row, y_row].map(|n| n as i32);
        let handle = *self.blas.handle();
        // SAFETY: the matrices are as large as said, which the callers see to as with kernels.
        unsafe {
            let (a, b, y) = (a as *const f32, b as *const f32, y as *mut f32);
            sgemm(
                handle, of_a, of_b, m, n, k, &1.0, a, a_row, b, b_row, &keep, y, y_row,
            )?;
        }
        Ok(())
    }

    /// `out = factor · Σ over rows (+ out)`; `input` is (groups, rows, columns), `out` (groups,
    /// columns).
    pub(super) fn sum_rows(
        &self,
        (groups, mut rows, columns): Dims,
        factor: f32,
        adds: bool,
        mut input: u64,
        out: u64,
    ) -> Done<()> {
        let mut stages = Vec::new();
        while rows > PER_SUM {
            let parts = rows.div_ceil(PER_SUM);
            let n = groups * parts * columns;
            let stage = self.buffer::<f32>(n)?;
            let to = *stage.device_ptr();
            let parameters = (groups, rows, columns, PER_SUM, 1.0_f32, 0_i32, input, to);
            self.launch("nasfw_sum_rows", n, parameters)?;
            (rows, input) = (parts, to);
            stages.push(stage);
        }
        let per = rows.max(1);
        let parameters = (
            groups,
            rows,
            columns,
            per,
            factor,
            i32::from(adds),
            input,
            out,
        );
        self.launch("nasfw_sum_rows", groups * columns, parameters)
    }

    /// The sum or the largest of `n` values, by the kernel of that name.
    pub(super) fn fold<T: DeviceRepr>(
        &self,
        kernel: &'static str,
        mut n: usize,
        mut input: u64,
    ) -> Done<CudaSlice<T>> {
        // Kept until the launches that read them are queued: freed memory could be handed out to
        // another allocation.
        let mut stages = Vec::new();
        loop {
            let threads = match n {
                65_536.. => 8192,
                512.. => 128,
                _ => 1,
            };
            let out = self.buffer(threads)?;
            let to = *out.device_ptr();
            self.launch(kernel, threads, (n, threads, input, to))?;
            if threads == 1 {
                return Ok(out);
            }
            (n, input) = (threads, to);
            stages.push(out);
        }
    }
}

/// The parameters of a kernel.
pub(super) trait Parameters {
    /// The representation that the kernel takes.
    type Form;
    /// `None` when one is too large.
    fn form(self) -> Option<Self::Form>;
}

/// One parameter: sizes become 32-bit, the rest is passed as it is.
pub(super) trait Parameter {
    type Form: DeviceRepr;
    fn form(self) -> Option<Self::Form>;
}

impl Parameter for usize {
    type Form = u32;
    fn form(self) -> Option<u32> {
        u32::try_from(self).ok().filter(|_| self <= MAX)
    }
}

/// Parameters passed as they are.
macro_rules! as_they_are {
    ($($type:ty)*) => {
        $(impl $crate::gpu::Parameter for $type {
            type Form = Self;
            fn form(self) -> Option<Self> {
                Some(self)
            }
        })*
    };
}
pub(super) use as_they_are;

as_they_are!(u64 i32 f32);

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: Parameter),*> Parameters for ($($name,)*) {
            type Form = ($($name::Form,)*);
            #[expect(non_snake_case, reason = "values are called as their types are")]
            fn form(self) -> Option<Self::Form> {
                let ($($name,)*) = self;
                Some(($($name.form()?,)*))
            }
        }
    };
}

tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);

/// Three lengths.
pub(super) type Dims = (usize, usize, usize);

/// The kernels in the source.
fn kernel_names() -> impl Iterator<Item = &'static str> {
    let starts = SOURCE.split("KERNEL ").skip(1);
    starts
        .filter_map(|text| text.split_once('(').map(|(name, _)| name.trim()))
        .filter(|name| name.starts_with("nasfw_"))
}
