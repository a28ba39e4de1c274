//! The devices that nasfw computes on: their names, and work on whichever one is named.
//!
//! A [`Device`] is parsed once, where a user names it. [`on_device!`] evaluates an expression with
//! the kernels of the device; it is compiled once for each kind of device that the program was
//! built for. To add a kind, implement [`Kernels`] in a crate of
//! its own and name it here.

use std::fmt;
use std::str::FromStr;

use nasfw_network::Error;
use nasfw_sdk::Error as Invalid;
use serde::{Deserialize, Serialize};

#[cfg(feature = "cuda")]
pub use nasfw_cuda::{CudaKernels, open as open_cuda};

/// The setting that names a device.
const KEY: &str = "run.device";

/// A device, whether or not this program was built for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// `cpu`: the hand-written kernels.
    #[default]
    Cpu,
    /// `cuda:N`: the N-th CUDA device as the driver counts them.
    Cuda(u16),
}

impl Device {
    /// Checks that this program was built for the device.
    ///
    /// # Errors
    /// When it was not; says how to build it.
    pub fn check_built(self) -> Result<(), Error> {
        if self == Self::Cpu || cfg!(feature = "cuda") {
            return Ok(());
        }
        let expected = "this program was built without CUDA; build it with `cargo build --release \
                        --features cuda` (docs/gpu.md), or use cpu";
        Err(Invalid::invalid(KEY, self, expected).into())
    }
}

impl FromStr for Device {
    type Err = Invalid;

    /// Reads `cpu`, `cuda` (the first device) or `cuda:N`.
    fn from_str(name: &str) -> Result<Self, Invalid> {
        let ordinal = match name {
            "cpu" => return Ok(Self::Cpu),
            "cuda" => Some("0"),
            _ => name.strip_prefix("cuda:"),
        };
        match ordinal.map(str::parse::<u16>) {
            Some(Ok(ordinal)) => Ok(Self::Cuda(ordinal)),
            _ => {
                let expected = "it is cpu or cuda:N, e.g. cuda:0";
                Err(Invalid::invalid(KEY, format!("`{name}`"), expected))
            }
        }
    }
}

impl TryFrom<String> for Device {
    type Error = Invalid;

    fn try_from(name: String) -> Result<Self, Invalid> {
        name.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.pad("cpu"),
            Self::Cuda(ordinal) => f.pad(&format!("cuda:{ordinal}")),
        }
    }
}

/// Evaluates an expression, a `Result`, with the kernels of a [`Device`].
///
/// Returns from the present function when the device cannot be opened.
#[cfg(feature = "cuda")]
#[macro_export]
macro_rules! on_device {
    ($device:expr, |$kernels:ident| $body:expr) => {
        match $device {
            $crate::Device::Cpu => {
                let $kernels = $crate::CpuKernels::default();
                $body
            }
            $crate::Device::Cuda(ordinal) => {
                let $kernels = $crate::open_cuda(usize::from(ordinal))?;
                let guarding = $kernels.clone();
                $crate::Kernels::guard(&guarding, || $body)
            }
        }
    };
}

/// Evaluates an expression, a `Result`, with the kernels of a [`Device`].
///
/// Returns from the present function when the program was not built for the device.
#[cfg(not(feature = "cuda"))]
#[macro_export]
macro_rules! on_device {
    ($device:expr, |$kernels:ident| $body:expr) => {{
        let device: $crate::Device = $device;
        device.check_built()?;
        let $kernels = $crate::CpuKernels::default();
        $body
    }};
}

#[doc(hidden)]
pub use nasfw_network::kernels::{CpuKernels, Kernels};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn names_and_their_errors() {
        for (name, device) in [
            ("cpu", Device::Cpu),
            ("cuda", Device::Cuda(0)),
            ("cuda:1", Device::Cuda(1)),
        ] {
            assert_eq!(name.parse::<Device>().unwrap(), device);
        }
        assert_eq!(Device::Cuda(1).to_string(), "cuda:1");
        for name in [
            "",
            "gpu",
            "cpu:0",
            "cuda:",
            "cuda:x",
            "cuda:-1",
            "cuda:99999",
        ] {
            let text = name.parse::<Device>().unwrap_err().to_string();
            assert!(text.contains("cuda:N"), "{name}: {text}");
        }
    }

    #[test]
    fn a_device_that_this_program_was_not_built_for() {
        assert!(Device::Cpu.check_built().is_ok());
        let cuda = Device::Cuda(0).check_built();
        if cfg!(feature = "cuda") {
            assert!(cuda.is_ok());
        } else {
            let text = cuda.unwrap_err().to_string();
            assert!(text.contains("--features cuda"), "{text}");
        }
    }
}
