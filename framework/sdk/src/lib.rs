//! The contract of nasfw: search spaces, controllers, tasks and reward schedules.
//!
//! Everything meets in two small types. [`Choices`] is one categorical choice per decision, valid
//! against a [`Schema`]; [`Graph`] is a checked description of a network. A [`SearchSpace`] decodes
//! choices into a graph and knows no tensor; the engine trains a graph and knows no search space.
//! A `Choices` or a `Graph` that exists has been checked, so nothing downstream checks again.
//!
//! | trait | decides | one file each in |
//! |---|---|---|
//! | [`SearchSpace`], or a [`Blueprint`] that builds and picks | what can be built | `plugins/src/spaces` |
//! | [`Controller`] | what to try next | `plugins/src/controllers` |
//! | [`Task`] | what is good | `plugins/src/tasks` |
//! | [`RewardSchedule`] | how much work a candidate is worth | `plugins/src/schedules` |
//!
//! This crate reads no files, loads no libraries and knows no tensor library; only its conformance
//! checks start a thread.

pub mod blueprint;
pub mod choices;
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
pub use controller::{Controller, Outcome, Policy, Proposal};
pub use error::{Error, Result};
pub use graph::{Cost, Graph, GraphBuilder, IoChannels};
pub use label::{DataInfo, Keypoint, Label, LabelKind};
pub use member::{MemberConfig, SpaceConfig};
pub use metrics::Metrics;
pub use prediction::{Prediction, argmax};
pub use registry::NoSettings;
pub use schedule::{Decay, Optimiser, RewardSchedule, Source, Stage, TargetScale, Verdict};
pub use seed::{Rng, Seed};
pub use size::Size;
pub use sketch::Sketch;
pub use space::SearchSpace;
pub use state::State;
pub use task::{ClassScorer, Loss, LossBatch, Scorer, Split, Task, TaskData};

// The `register!` macro and the generated constructors need these names in the caller's crate.
#[doc(hidden)]
pub use {inventory, serde, serde_json};
