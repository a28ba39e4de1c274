//! Training one network, and judging it.
//!
//! | file | holds |
//! |---|---|
//! | `batch.rs` | what one step is fed, and where it comes from |
//! | `store.rs` | samples that many batches are made of, on the host and on the device |
//! | `passes.rs` | passes over a part of a set, or over more than the set |
//! | `rates.rs` | how learning rates change |
//! | `target.rs` | truth at the size where it meets an output |
//! | `objective.rs` | the loss of a step: main, auxiliary, distillation |
//! | `own.rs` | a loss of the task's own, as an operation on the tape |
//! | `optimise.rs` | Adam and SGD per part of the network, with clipping |
//! | `teach.rs` | what a teacher says of a batch |
//! | `average.rs` | Polyak averaging |
//! | `fit.rs` | the loop |
//! | `course.rs` | a training under way, and how it is carried over an interruption |
//! | `judge.rs` | predictions against truth over a set |
//! | `part.rs` | the same over a part of a data set, read as it goes |

mod average;
mod batch;
mod course;
mod fit;
mod judge;
mod objective;
mod optimise;
mod own;
mod part;
mod passes;
mod rates;
mod store;
mod target;
mod teach;

pub use batch::{Batch, Batches, FeatureSet, ImageSet, PreparedSet, StoredBatches};
pub use course::{Course, Place, Saved};
pub use fit::{Fit, Tick, Watch, fit, fit_on};
pub use judge::{Evaluator, judge};
pub use objective::Objective;
pub use optimise::Learner;
pub use part::{PartSet, View};
pub use passes::Passes;
pub use rates::{Factors, RateStage, Rates};
pub use store::{Store, Values};
pub use target::{Target, target};
pub use teach::Taught;

pub(crate) use batch::stack;
pub(crate) use fit::{train_step, upload};
pub(crate) use objective::quarter;
pub(crate) use teach::teach;
