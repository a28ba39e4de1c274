//! Models of rewards over choices: what is an architecture worth, given those that were tried?
//!
//! | item | answers |
//! |---|---|
//! | [`GaussianProcess`] | what reward does an architecture have, and how sure is that? |
//! | [`Forest`] | the same, by regression trees |
//! | [`expected_improvement`] | how much is trying it worth? |
//! | [`recommend`] | which of the architectures tried is best, once noise is taken off? |
//!
//! Both models see an architecture as a row of options that are equal or not. All of it is plain
//! `f64` arithmetic in a fixed order on the caller's thread, so that the same trials give the same bits.

mod average;
mod belief;
mod cholesky;
mod evidence;
mod fit;
mod forest;
mod gaussian;
mod improvement;
mod kernel;
mod layout;
mod points;
mod recommend;
mod scale;

pub use belief::Belief;
pub use fit::fit;
pub use forest::{Forest, Growth};
pub use gaussian::GaussianProcess;
pub use improvement::expected_improvement;
pub use kernel::Kernel;
pub use layout::Layout;
pub use points::Points;
pub use recommend::{Estimate, FIRST_REPEAT, Recommendation, is_repeat, recommend};
pub use scale::Scale;
