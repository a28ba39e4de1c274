//! Opening a CUDA device.
#![allow(
    unsafe_code,
    reason = "cudarc has no safe way to set up the memory pool"
)]

use std::sync::Arc;

use cudarc::driver::{CudaDevice, DriverError, result, sys};
use dfdx::prelude::{Cache, Cuda, Storage};

use super::device::CudaKernels;
use super::driver;
use super::gpu::Gpu;
use nasfw_network::kernels::{cuda_name, device_result};
use nasfw_network::{Error, Result};

/// Advice for a device that does not open.
const FIX: &str =
    "`nvidia-smi` lists the devices, CUDA_VISIBLE_DEVICES can hide them; or use --device cpu";

/// The GPU generation that the kernels are compiled for, e.g. 90 for 9.0.
const COMPUTE_CAP: &str = env!("NASFW_COMPUTE_CAP");

/// The kernels of CUDA device `ordinal`.
///
/// # Errors
/// When there is no driver, no device, none of that number, or it is older than this program was
/// built for; the message says which, and what to do.
pub fn open(ordinal: usize) -> Result<CudaKernels> {
    let refused =
        |message: String| Error::Unavailable(format!("run.device: cuda:{ordinal}: {message}"));
    driver::load().map_err(|e| refused(e.into()))?;
    // Checked here, because dfdx would panic.
    let failed = |e: DriverError| refused(format!("{}; {FIX}", driver_message(&e)));
    result::init().map_err(failed)?;
    match result::device::get_count().map_err(failed)? {
        ..=0 => return Err(refused(format!("the driver finds no device; {FIX}"))),
        count if ordinal < count as usize => {}
        1 => return Err(refused("there is only one device, cuda:0".into())),
        count => {
            let last = count - 1;
            let message = format!("there are {count} devices, cuda:0 to cuda:{last}");
            return Err(refused(message));
        }
    }
    let closed = |message: String| {
        let name = cuda_name(&message).unwrap_or(&message);
        refused(format!("the device cannot be opened ({name}); {FIX}"))
    };
    let cuda = Cuda::try_build(ordinal, 0).map_err(|e| closed(format!("{e:?}")))?;
    let first = Storage::<f32>::try_alloc_len(&cuda, 1);
    let raw = first.map_err(|e| closed(format!("{e:?}")))?.device();
    check_generation(&raw).map_err(refused)?;
    if !keep_freed(&raw) {
        // Without the driver's memory pool, dfdx caches freed memory itself.
        device_result(cuda.try_enable_cache())?;
    }
    let gpu = Arc::new(device_result(Gpu::new(raw))?);
    Ok(CudaKernels { device: cuda, gpu })
}

/// Checks that the device can run the compiled kernels.
fn check_generation(raw: &CudaDevice) -> std::result::Result<(), String> {
    use sys::CUdevice_attribute_enum as Attribute;
    let ask = |attribute| raw.attribute(attribute).map_err(|e| driver_message(&e));
    let major = ask(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
    let minor = ask(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
    let (has, built_for) = (major * 10 + minor, COMPUTE_CAP.parse().unwrap_or(0));
    if has >= built_for {
        Ok(())
    } else {
        Err(format!(
            "this program was built for compute capability {built_for}, but the device has {has}; rebuild \
             it with CUDA_COMPUTE_CAP={has}"
        ))
    }
}

/// Makes the driver's pool keep freed memory for the next step instead of releasing it whenever the
/// host synchronises; false if there is no pool.
fn keep_freed(raw: &CudaDevice) -> bool {
    let Some(pool) = pool(raw) else {
        return false;
    };
    let mut all = u64::MAX;
    let key = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: the attribute takes a u64, which the call copies.
    let status = unsafe { sys::cuMemPoolSetAttribute(pool, key, (&raw mut all).cast()) };
    status == sys::CUresult::CUDA_SUCCESS
}

/// Releases the memory kept by the pool.
pub(super) fn trim(raw: &Arc<CudaDevice>) -> Result<()> {
    // Pending frees only take effect once the stream gets there.
    device_result(raw.synchronize())?;
    if let Some(pool) = pool(raw) {
        // SAFETY: takes numbers only; memory in use is not touched.
        let _ = unsafe { sys::cuMemPoolTrimTo(pool, 0) };
    }
    Ok(())
}

fn pool(raw: &CudaDevice) -> Option<sys::CUmemoryPool> {
    use sys::CUdevice_attribute_enum as Attribute;
    let supported = Attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED;
    if raw.attribute(supported).ok()? == 0 {
        return None;
    }
    let mut pool = std::ptr::null_mut();
    // SAFETY: writes a handle that the device owns and never frees.
    let status = unsafe { sys::cuDeviceGetDefaultMemPool(&raw mut pool, *raw.cu_device()) };
    (status == sys::CUresult::CUDA_SUCCESS).then_some(pool)
}

/// The driver's own message for an error, if it has one.
fn driver_message(error: &DriverError) -> String {
    let debug = format!("{error:?}");
    match (cuda_name(&debug), error.error_string()) {
        (Some(name), Ok(text)) => format!("driver error: {} ({name})", text.to_string_lossy()),
        (Some(name), Err(_)) => format!("driver error: {name}"),
        (None, _) => "unknown driver error".into(),
    }
}
