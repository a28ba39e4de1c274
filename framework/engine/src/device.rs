//! Names of compute devices, and dispatch to whichever one is named.

use std::fmt;
use std::str::FromStr;

use nasfw_sdk::Error as Invalid;

use crate::error::Error;

/// The setting that names a device.
const KEY: &str = "run.device";

/// A device that this program can compute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// `cpu`: the hand-written kernels.
    Cpu,
    /// `cpu:composed`: dfdx's own operations on the CPU, through the code path of other devices.
    /// Exact and slow; the reference for testing the rest of the program without another device.
    Composed,
    /// `cuda:N`: the N-th CUDA device as the driver counts them.
    #[cfg(feature = "cuda")]
    Cuda(usize),
}

impl FromStr for Device {
    type Err = Error;

    /// # Errors
    /// When the name is unknown, or this program was built without that kind of device.
    fn from_str(name: &str) -> Result<Self, Error> {
        let ordinal = match name {
            "cpu" => return Ok(Self::Cpu),
            "cpu:composed" => return Ok(Self::Composed),
            "cuda" => Some("0"),
            _ => name.strip_prefix("cuda:"),
        };
        match ordinal.map(str::parse::<u16>) {
            #[cfg(feature = "cuda")]
            Some(Ok(ordinal)) => Ok(Self::Cuda(usize::from(ordinal))),
            #[cfg(not(feature = "cuda"))]
            Some(Ok(_)) => {
                let mend = "this program was built without CUDA; rebuild it with `cargo build --release \
                            --features cuda` (docs/gpu.md), or use cpu";
                Err(Invalid::invalid(KEY, name, mend).into())
            }
            _ => {
                let expected = "expected cpu or cuda:N, e.g. cuda:0";
                Err(Invalid::invalid(KEY, format!("`{name}`"), expected).into())
            }
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Composed => f.write_str("cpu:composed"),
            #[cfg(feature = "cuda")]
            Self::Cuda(ordinal) => write!(f, "cuda:{ordinal}"),
        }
    }
}

/// Evaluates an expression, a `Result` of this crate, with the kernels of the device that `$name`
/// names; it is compiled once for each kind of device. Returns early from the calling function when
/// the device cannot be opened.
macro_rules! on_device {
    ($name:expr, |$kernels:ident| $body:expr) => {
        match $name.parse::<$crate::device::Device>()? {
            $crate::device::Device::Cpu => {
                let $kernels = $crate::network::kernels::CpuKernels::default();
                $body
            }
            $crate::device::Device::Composed => {
                let device = dfdx::prelude::Cpu::default();
                let $kernels = $crate::network::kernels::Composed::new(device);
                $body
            }
            #[cfg(feature = "cuda")]
            $crate::device::Device::Cuda(ordinal) => {
                let $kernels = $crate::network::kernels::open_cuda(ordinal)?;
                let guarding = $kernels.clone();
                $crate::network::kernels::Kernels::guard(&guarding, || $body)
            }
        }
    };
}
pub(crate) use on_device;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn names_and_their_errors() {
        for name in ["cpu", "cpu:composed"] {
            assert_eq!(name.parse::<Device>().unwrap().to_string(), name);
        }
        for name in [
            "",
            "gpu",
            "cpu:0",
            "cuda:",
            "cuda:x",
            "cuda:-1",
            "cuda:99999",
        ] {
            let error = name.parse::<Device>().unwrap_err();
            let text = error.to_string();
            assert!(
                error.is_input() && text.contains("cuda:N"),
                "{name}: {text}"
            );
        }
        let cuda = "cuda:1".parse::<Device>().map(|device| device.to_string());
        match cfg!(feature = "cuda") {
            true => assert_eq!(cuda.unwrap(), "cuda:1"),
            false => assert!(cuda.unwrap_err().to_string().contains("docs/gpu.md")),
        }
    }
}
