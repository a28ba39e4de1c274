//! Reward schedules: the stages of an evaluation, and early stopping.
//!
//! A schedule lists the stages of evaluating an architecture, decides after each whether to
//! continue, and computes the reward that the controller receives.
//!
//! | name | stages |
//! |---|---|
//! | `progressive` | decoder on cached features, then, if promising, the whole network: the paper's |
//! | `halving` | one training in rungs; the better part continues after each: successive halving |
//! | `single-stage` | one stage for every architecture |
//!
//! # Adding one
//!
//! Write one file with a config (`serde`, `deny_unknown_fields`, `default`), a type that implements
//! [`RewardSchedule`](nasfw_sdk::RewardSchedule) and
//! [`FromConfig`](nasfw_sdk::registry::FromConfig), and a [`register!`](nasfw_sdk::register) line,
//! and name the file here. `plugins/tests/schedules.rs` then checks its contract. The paper's
//! stages and how settings change them are in [`stages`], rules for stopping early in
//! [`termination`]
//! and [`rungs`].

pub mod halving;
pub mod progressive;
pub mod rungs;
pub mod single_stage;
pub mod stages;
pub mod termination;
