//! What `model.json` says.

use nasfw_data::DataConfig;
use nasfw_data::transform::{MEAN, STD};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{DataInfo, LabelKind, Metrics};
use serde::{Deserialize, Serialize};

use super::{FORMAT, LAYOUT, WEIGHTS};
use nasfw_sdk::{MemberConfig, SpaceConfig};

/// A model but for its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Version of the folder.
    pub format: u32,
    /// What the network is for, with the task's settings.
    pub task: MemberConfig,
    /// What its output is: classes, depths or joints.
    pub labels: LabelKind,
    /// Classes or joints, in the order of the output's channels.
    pub data: DataInfo,
    /// What images go through before the network.
    pub normalisation: Normalisation,
    /// Scale and size of the crops it was trained and judged on. It runs at any size.
    pub input: InputSize,
    /// Metrics on such crops of the validation part, if it was judged.
    pub metrics: Option<Metrics>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// The file with its weights.
    pub weights: WeightsFile,
    /// The deployed network: no auxiliary outputs.
    pub graph: Graph,
}

/// `(pixel / 255 - mean) / std` per channel of an RGB image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Means of red, green, blue.
    pub mean: [f32; 3],
    /// Standard deviations of red, green, blue.
    pub std: [f32; 3],
}

impl Default for Normalisation {
    /// ImageNet's, which all training uses.
    fn default() -> Self {
        Self {
            mean: MEAN,
            std: STD,
        }
    }
}

/// What a network is used to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSize {
    /// Height of a crop in pixels.
    pub height_px: usize,
    /// Width of a crop in pixels.
    pub width_px: usize,
    /// Length of the shorter side to which images were scaled before they were cropped.
    pub shorter_side_px: usize,
}

/// Where the images came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A folder, which is not named here.
    Folder,
    /// The generator of scenes.
    Generator,
    /// The task.
    Task,
}

/// How a model came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of the program that trained it.
    pub nasfw_version: String,
    /// The architecture as text.
    pub genotype: String,
    /// The search space, with its settings.
    pub space: SpaceConfig,
    /// Libraries that were loaded, as `PATH#sha256=HEX`.
    pub plugins: Vec<String>,
    /// The seed of initial weights, order and augmentation.
    pub seed: u64,
    /// The data set's fingerprint.
    pub data_fingerprint: String,
    /// Where its images came from.
    pub data_origin: Origin,
    /// How it was read, or what was generated; without the path.
    pub data: DataConfig,
    /// The epoch its weights are from, counted from 1.
    pub epoch: usize,
    /// Epochs that were to be trained.
    pub epochs: usize,
    /// Whether the encoder started from weights that were given or that a run warmed up.
    pub is_encoder_warm: bool,
    /// BLAKE3 of the weights of the model that taught it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<String>,
}

/// The weights' file, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsFile {
    /// Its name in the folder.
    pub file: String,
    /// Layout of its arrays, for people.
    pub layout: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

impl WeightsFile {
    /// The record of a file with these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            file: WEIGHTS.into(),
            layout: LAYOUT.into(),
            blake3: blake3::hash(bytes).to_hex().to_string(),
        }
    }
}

impl Description {
    /// The version that this program writes.
    pub const FORMAT: u32 = FORMAT;

    /// Names of the output's channels: the classes or the joints, whichever are as many; empty for
    /// a single map such as a depth.
    pub fn channel_names(&self) -> &[String] {
        let channels = self.graph.channels(self.graph.main().node);
        let lists = [&self.data.classes, &self.data.joints];
        (lists.into_iter())
            .find(|names| channels > 1 && names.len() == channels)
            .map_or(&[], Vec::as_slice)
    }
}
