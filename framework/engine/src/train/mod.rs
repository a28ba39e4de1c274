//! Training and evaluation of one network.
//!
//! | file | holds |
//! |---|---|
//! | `batch.rs` | the inputs of one step, and their sources |
//! | `store.rs` | sample storage that batches are drawn from, on the host and on the device |
//! | `passes.rs` | passes over a data set, shorter or longer than it |
//! | `rates.rs` | learning-rate schedules |
//! | `target.rs` | labels at the size of an output |
//! | `objective.rs` | the loss of a step: main, auxiliary, distillation |
//! | `own.rs` | a task's own loss, as an operation on the tape |
//! | `optimise.rs` | Adam and SGD per part of the network, with clipping |
//! | `teach.rs` | a teacher's outputs for a batch |
//! | `average.rs` | Polyak averaging |
//! | `fit.rs` | the loop |
//! | `course.rs` | the state of a training, and its transfer across an interruption |
//! | `judge.rs` | evaluation of predictions over a data set |
//! | `part.rs` | evaluation on a split of a data set, read on the fly |

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
