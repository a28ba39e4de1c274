//! Misbehaviour on order.
//!
//! | file | misbehaves |
//! |---|---|
//! | `fault.rs` | what can be ordered, and where it happens |
//! | `items.rs` | in the methods of a space, controller, schedule and task |
//! | `table.rs` | in the C table: replies that are not what they should be |
//! | `start.rs` | while the library is loaded |

mod fault;
mod items;
mod start;
mod table;
