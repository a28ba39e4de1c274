//! Training one network, and judging it.
//!
//! | file | holds |
//! |---|---|
//! | `batch.rs` | what one step is fed, and where it comes from |
//! | `target.rs` | truth at the size where it meets an output |
//! | `objective.rs` | the loss of a step: main, auxiliary, distillation |
//! | `own.rs` | a loss of the task's own, as an operation on the tape |
//! | `optimise.rs` | Adam and SGD per part of the network, with clipping |
//! | `average.rs` | Polyak averaging |
//! | `fit.rs` | the loop |
//! | `judge.rs` | predictions against truth over a set |
//! | `part.rs` | the same over a part of a data set, read as it goes |

mod average;
mod batch;
mod fit;
mod judge;
mod objective;
mod optimise;
mod own;
mod part;
mod target;

pub use batch::{Batch, Batches, FeatureSet, ImageSet, PreparedSet, StoredBatches};
pub use fit::{Fit, Tick, fit, fit_watched};
pub use judge::{Jury, judge};
pub use objective::Objective;
pub use optimise::Learner;
pub use part::{PartSet, View};
pub use target::{Target, target};

pub(crate) use batch::stack;
pub(crate) use fit::{train_step, upload};
pub(crate) use objective::quarter;
