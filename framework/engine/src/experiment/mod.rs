//! The ground that a search, a full training and an evaluation share: members, data and splits.
//!
//! | file | holds |
//! |---|---|
//! | `members.rs` | search space, task, schedule and controller, by name or by value |
//! | `setup.rs` | the members, data and splits that a configuration names, checked before anything is written |
//! | `task_data.rs` | data that the task brings itself |
//! | `data_check.rs` | the check that all of a data set can be read |
//! | `encoder.rs` | the encoder that a configuration names |
//! | `reward.rs` | the reward of metrics |

mod data_check;
mod encoder;
mod members;
mod reward;
mod setup;
mod task_data;

pub use encoder::encoder_of;
pub use members::{GivenMembers, Members};
pub(crate) use reward::reward;
pub use setup::Setup;
pub(crate) use setup::open_data;
