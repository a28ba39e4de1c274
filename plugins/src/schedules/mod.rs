//! Reward schedules: how much work a candidate is worth.
//!
//! A schedule lists the stages of judging an architecture, decides after each whether the next is
//! worth its time, and says which reward the controller is told.
//!
//! | name | stages |
//! |---|---|
//! | `progressive` | decoder on cached features, then, if promising, the whole network: the method's |
//! | `single-stage` | one stage for everyone |
//!
//! # Adding one
//!
//! Write one file with a config (`serde`, `deny_unknown_fields`, `default`), a type that implements
//! [`RewardSchedule`](nasfw_sdk::RewardSchedule) and
//! [`FromConfig`](nasfw_sdk::registry::FromConfig), and a [`register!`](nasfw_sdk::register) line,
//! and name the file here. `plugins/tests/schedules.rs` then holds it to the contract. The method's
//! stages and how settings change them are in [`stages`], rules for stopping early in
//! [`termination`].

pub mod progressive;
pub mod single_stage;
pub mod stages;
pub mod termination;
