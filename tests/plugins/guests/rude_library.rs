//! A library that does what no plugin should, wherever and however it is told to.

#[path = "kinds/mod.rs"]
mod kinds;
#[path = "rude/mod.rs"]
mod rude;
