//! The built-in plugins of nasfw: spaces, controllers, schedules and tasks.
//!
//! | family | members |
//! |---|---|
//! | [`spaces`] | `encoder-decoder`, the space of the plugin `segm` |
//! | [`controllers`] | `ppo`, `reinforce`, `evolution`, `random` |
//! | [`schedules`] | `progressive`, `halving`, `single-stage` |
//! | [`tasks`] | `segm`, `depth`, `pose` |
//!
//! Each folder is one family; its `mod.rs` describes the family and how to add a member.
//! Members register themselves, so linking this crate is enough to find them by name.

pub mod controllers;
pub mod schedules;
pub mod spaces;
pub mod tasks;
