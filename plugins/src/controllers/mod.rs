//! Controllers: what to try next.
//!
//! A controller proposes architectures and learns from their rewards; it sees a
//! [`Schema`](nasfw_sdk::Schema) of categorical decisions and nothing of networks or tasks.
//!
//! | name | idea | learns by |
//! |---|---|---|
//! | `random` | every allowed option is equally likely | nothing: the baseline to beat |
//! | `bayes` | a Gaussian process, expected improvement | a model of rewards |
//! | `forest` | a random forest, expected improvement | a model of rewards |
//! | `local` | a step from the best, a new start where none is left | comparison |
//! | `evolution` | mutate the best of a sample, the oldest dies | selection |
//! | `reinforce` | independent logits for every decision | policy gradient |
//! | `ppo` | a two-layer LSTM over the decisions, the method's controller | clipped policy gradient |
//!
//! # Adding one
//!
//! Write one file with a config (`serde`, `deny_unknown_fields`, `default`), a type that implements
//! [`Controller`](nasfw_sdk::Controller) and
//! [`ControllerFromConfig`](nasfw_sdk::registry::ControllerFromConfig), and a
//! [`register!`](nasfw_sdk::register) line, and name the file here. `plugins/tests/controllers.rs`
//! then holds it to the contract without further ado. What controllers share lies beside them:
//! masked categorical distributions in `categorical`, which outcomes may be learned from in
//! `feedback`, what was proposed and told in `history`, steps through a space in `walk`, proposals by a
//! model in `guided`, saved states in `saved`.

mod adam;
mod baseline;
pub mod bayes;
mod categorical;
pub mod evolution;
mod feedback;
pub mod forest;
mod guided;
mod history;
pub mod local;
pub mod ppo;
pub mod random;
pub mod reinforce;
mod saved;
mod walk;
