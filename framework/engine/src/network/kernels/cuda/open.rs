//! Opens a CUDA device.

use cudarc::driver::result;
use dfdx::prelude::Cuda;

use super::super::Composed;
use super::driver;
use crate::error::{Error, Result};

/// The kernels of the CUDA device number `ordinal`.
///
/// # Errors
/// When there is no driver, no device, or none of that number: which of them, and what to do.
pub fn open(ordinal: usize) -> Result<Composed<Cuda>> {
    let refused = |message: String| Error::Config {
        file: None,
        message: format!("run.device: cuda:{ordinal}: {message}"),
    };
    driver::load().map_err(|e| refused(e.into()))?;
    // Asked here, as dfdx would panic.
    let said = |e: result::DriverError| refused(format!("{}; {MEND}", said(&e)));
    result::init().map_err(said)?;
    let devices = result::device::get_count().map_err(said)?;
    match usize::try_from(devices) {
        Ok(1..) => {}
        _ => return Err(refused(format!("the driver sees no device; {MEND}"))),
    }
    if ordinal >= devices as usize {
        return Err(refused(match devices {
            1 => "there is one device here, cuda:0".into(),
            n => format!("there are {n} devices here, cuda:0 to cuda:{}", n - 1),
        }));
    }
    let device = Cuda::try_build(ordinal, 0).map_err(|e| refused(format!("{e:?}; {MEND}")))?;
    Ok(Composed::new(device))
}

const MEND: &str =
    "`nvidia-smi` shows what there is, CUDA_VISIBLE_DEVICES hides devices; or use cpu";

/// The driver's own words for an error.
fn said(error: &result::DriverError) -> String {
    let text = error.error_string();
    match text {
        Ok(text) => format!("the driver says: {}", text.to_string_lossy()),
        Err(_) => format!("the driver failed: {error:?}"),
    }
}
