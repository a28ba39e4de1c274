//! The library of `kinds`.

#[path = "kinds/mod.rs"]
mod kinds;

nasfw_sdk::export_plugin!();
