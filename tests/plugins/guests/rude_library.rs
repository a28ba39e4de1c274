//! A library that misbehaves where and how it is told to.

#[path = "kinds/mod.rs"]
mod kinds;
#[path = "rude/mod.rs"]
mod rude;
