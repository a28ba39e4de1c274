//! The contents of `model.json`.

use nasfw_data::DataConfig;
use nasfw_data::transform::{MEAN, STD};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{DataInfo, LabelKind, Metrics};
use serde::{Deserialize, Serialize};

use super::{FORMAT, LAYOUT, WEIGHTS};
use nasfw_sdk::{MemberConfig, SpaceConfig};

/// The description of a model, without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Format version of the folder.
    pub format: u32,
    /// The task that the network is for, with its settings.
    pub task: MemberConfig,
    /// Kind of the output: classes, depths or joints.
    pub labels: LabelKind,
    /// Classes or joints, in the order of the output's channels.
    pub data: DataInfo,
    /// Preprocessing of images before the network.
    pub normalisation: Normalisation,
    /// Scale and size of the crops that it was trained and evaluated on. It runs at any size.
    pub input: InputSize,
    /// Metrics on such crops of the validation split, if it was evaluated.
    pub metrics: Option<Metrics>,
    /// Provenance of the model.
    pub provenance: Provenance,
    /// The file with its weights.
    pub weights: WeightsFile,
    /// The deployed network: no auxiliary outputs.
    pub graph: Graph,
}

/// Normalisation `(pixel / 255 - mean) / std` per channel of an RGB image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Means of red, green and blue.
    pub mean: [f32; 3],
    /// Standard deviations of red, green and blue.
    pub std: [f32; 3],
}

impl Default for Normalisation {
    /// ImageNet's normalisation, which all training uses.
    fn default() -> Self {
        Self {
            mean: MEAN,
            std: STD,
        }
    }
}

/// Scale and crop size that a network is used to.
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

/// The source of the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataOrigin {
    /// A folder, whose path is not recorded here.
    Folder,
    /// The scene generator.
    Generator,
    /// The task's own data.
    Task,
}

/// The provenance of a model.
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
    /// The source of its images.
    pub data_origin: DataOrigin,
    /// The data settings, or the generator's, without the path.
    pub data: DataConfig,
    /// The epoch of its weights, counted from 1.
    pub epoch: usize,
    /// Number of epochs requested.
    pub epochs: usize,
    /// True if the encoder started from given weights or from a run's warm-up.
    pub is_encoder_warm: bool,
    /// BLAKE3 of the teacher's weights, if there was a teacher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<String>,
}

/// The weights file as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsFile {
    /// Its name in the folder.
    pub file: String,
    /// Layout of its arrays, for human readers.
    pub layout: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

impl WeightsFile {
    /// Describes a file with these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            file: WEIGHTS.into(),
            layout: LAYOUT.into(),
            blake3: blake3::hash(bytes).to_hex().to_string(),
        }
    }
}

impl Description {
    /// The format version that this program writes.
    pub const FORMAT: u32 = FORMAT;

    /// Names of the output's channels: the classes or the joints, whichever list has their number;
    /// empty for a single map such as a depth.
    pub fn channel_names(&self) -> &[String] {
        let channels = self.graph.channels(self.graph.main().node);
        let lists = [&self.data.classes, &self.data.joints];
        (lists.into_iter())
            .find(|names| channels > 1 && names.len() == channels)
            .map_or(&[], Vec::as_slice)
    }
}
