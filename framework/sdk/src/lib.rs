//! The contract of nasfw: search spaces, controllers, tasks and reward schedules.
//!
//! Two small types connect everything. [`Choices`] is one categorical choice per decision, valid
//! for a [`Schema`]; [`Graph`] is a checked description of a network. A [`SearchSpace`] decodes
//! choices into a graph without knowing tensors; the engine trains a graph without knowing search
//! spaces. Every `Choices` and every `Graph` was checked on construction, so no later code checks
//! them again.
//!
//! | trait | decides | implementations, one per file |
//! |---|---|---|
//! | [`SearchSpace`], or a [`Blueprint`] that builds and picks | the networks that can be built | `plugins/src/spaces` |
//! | [`Controller`] | the architectures to try | `plugins/src/controllers` |
//! | [`Task`] | loss, metrics and reward | `plugins/src/tasks` |
//! | [`RewardSchedule`] | the stages of an evaluation, and early stopping | `plugins/src/schedules` |
//!
//! This crate reads no files, loads no libraries and uses no tensor library; only its conformance
//! checks start a thread.

pub mod blueprint;
pub mod choices;
mod continued;
pub mod controller;
pub mod error;
pub mod graph;
pub mod label;
mod member;
pub mod metrics;
mod prediction;
pub mod registry;
pub mod schedule;
pub mod seed;
mod settings;
pub mod size;
pub mod sketch;
pub mod space;
mod stages;
mod state;
pub mod task;
pub mod testing;

pub use blueprint::{Blueprint, Net, Pick, Traced};
pub use choices::{Choices, Decision, Schema};
pub use continued::{StageEpochs, check_stages};
pub use controller::{Controller, Outcome, Policy, Proposal};
pub use error::{Error, Result};
pub use graph::{Cost, Graph, GraphBuilder, IoChannels};
pub use label::{DataInfo, Keypoint, Label, LabelKind};
pub use member::{MemberConfig, SpaceConfig};
pub use metrics::Metrics;
pub use prediction::{Prediction, argmax};
pub use registry::NoSettings;
pub use schedule::{Decay, Optimiser, RewardSchedule, Stage, StageInput, TargetScale, Verdict};
pub use seed::{Rng, Seed};
pub use size::Size;
pub use sketch::Sketch;
pub use space::SearchSpace;
pub use state::State;
pub use task::{ClassScorer, Loss, LossBatch, Scorer, Split, Task, TaskData};

// The `register!` macro and the generated constructors need these names in the caller's crate.
#[doc(hidden)]
pub use {inventory, serde, serde_json};
