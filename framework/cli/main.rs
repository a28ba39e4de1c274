//! The `nasfw` program.
fn main() {}
