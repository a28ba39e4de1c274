//! Input and output channels of a network.

use serde::{Deserialize, Serialize};

/// Input and output channels of a network; set by data and task, not by the search space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IoChannels {
    /// Channels of the input image.
    pub input_channels: usize,
    /// Channels of the main output (and of each auxiliary one).
    pub output_channels: usize,
}

impl IoChannels {
    /// RGB input and `output_channels` outputs.
    pub fn rgb(output_channels: usize) -> Self {
        Self {
            input_channels: 3,
            output_channels,
        }
    }
}
