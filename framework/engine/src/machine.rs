//! The machine that a search runs on, as far as its results or its time depend on it.

use nasfw_device::Device;
use serde::{Deserialize, Serialize};

/// A machine that a run used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The version of this program.
    pub program: String,
    /// The name of the processor, where the system tells it.
    pub processor: Option<String>,
    /// Threads that the processor runs at once.
    pub cores: usize,
    /// The instructions that kernels use; results are equal to the bit where they are the same.
    pub instructions: String,
    /// Operating system and architecture, such as `linux x86_64`.
    pub system: String,
    /// The device that networks are trained on.
    pub device: String,
}

impl Machine {
    /// This machine, training on `device`.
    pub fn this(device: Device) -> Self {
        Self {
            program: env!("CARGO_PKG_VERSION").into(),
            processor: processor(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            instructions: nasfw_network::instructions().into(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            device: device.to_string(),
        }
    }
}

/// The processor's name, from Linux.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    let (_, name) = line.split_once(':')?;
    Some(name.split_whitespace().collect::<Vec<_>>().join(" "))
}
