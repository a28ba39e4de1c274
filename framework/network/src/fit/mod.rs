//! Training of one network, and its evaluation.
//!
//! | file | holds |
//! |---|---|
//! | `run.rs` | the loop |
//! | `state.rs` | the state of a training, and its checkpoint |
//! | `batch.rs` | the inputs and targets of one step, and their sources |
//! | `sampler.rs` | epochs shorter or longer than the data set |
//! | `rates.rs` | learning rates over time |
//! | `target.rs` | labels at the size of an output |
//! | `objective.rs` | the loss of a step: main, auxiliary, distillation |
//! | `custom_loss.rs` | a task's custom loss, as an operation on the tape |
//! | `optimise.rs` | Adam and SGD per part of the network, with clipping |
//! | `distil.rs` | a teacher's outputs for a batch |
//! | `average.rs` | Polyak averaging |
//! | `evaluate.rs` | evaluation of predictions over a data set |
//! | `eval_set.rs` | evaluation on a split of a data set, read on the fly |

mod average;
mod batch;
mod custom_loss;
mod distil;
mod eval_set;
mod evaluate;
mod objective;
mod optimise;
mod rates;
mod run;
mod sampler;
mod state;
mod target;

pub use batch::{Batch, Batches, FeatureSet, ImageSet, PreparedSet, StoredBatches, stack};
pub use distil::{Distilled, teach};
pub use eval_set::{EvalRegion, EvalSet};
pub use evaluate::{Evaluator, evaluate};
pub use objective::{Objective, quarter};
pub use optimise::Optimisers;
pub use rates::{Factors, RateStage, Rates};
pub use run::{Fit, StepReport, Steps, Watch, fit, fit_on, train_step, upload};
pub use sampler::EpochSampler;
pub use state::{Checkpoint, Paused, Position, TrainState};
pub use target::{Target, target};
