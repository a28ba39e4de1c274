//! The library of `kinds`.

#[path = "kinds/mod.rs"]
mod kinds;

nasfw_abi::export_plugin!();
