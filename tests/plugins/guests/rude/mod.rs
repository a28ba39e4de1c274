//! Misbehaviour on request.
//!
//! | file | misbehaves |
//! |---|---|
//! | `fault.rs` | the available faults, and where they happen |
//! | `items.rs` | in the methods of a space, controller, schedule and task |
//! | `table.rs` | in the C table: wrong replies |
//! | `start.rs` | while the library is loaded |

mod fault;
mod items;
mod start;
mod table;
