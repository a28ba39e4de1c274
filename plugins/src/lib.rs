//! The built-in plugins of nasfw: spaces, controllers, schedules and tasks.
//!
//! Each folder is one family; its `mod.rs` describes the family and how to add a member.
//! Members register themselves, so linking this crate is enough to find them by name.

pub mod controllers;
pub mod schedules;
pub mod spaces;
pub mod tasks;
