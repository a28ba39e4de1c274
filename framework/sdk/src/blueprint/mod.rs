//! Search spaces as the function that builds a network and picks as it goes.
//!
//! | file | holds |
//! |---|---|
//! | `pick.rs` | decisions, as a build asks for them |
//! | `net.rs` | the network that a build puts together |
//! | `trace.rs` | builds under many choices, and what they asked |
//! | `conditions.rs` | the schema that explains all of them |
//! | `traced.rs` | the search space that results |
//! | `text.rs` | its genotypes |
//! | `sketch.rs` | its sketch |

mod conditions;
mod net;
mod pick;
mod sketch;
mod text;
mod trace;
mod traced;

use crate::error::Result;

pub use net::Net;
pub use pick::Pick;
pub use traced::Traced;

/// A search space written as one function: it builds a network, and asks for each decision where
/// it needs the answer. [`Traced`] makes a [`SearchSpace`](crate::SearchSpace) of it.
///
/// ```
/// use nasfw_sdk::graph::{ActivationKind, Conv};
/// use nasfw_sdk::{Blueprint, Net, Pick, Result, SearchSpace, Seed, Traced, testing};
///
/// struct Stack;
///
/// impl Blueprint for Stack {
///     fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
///         let width = pick.one_of("width", [8, 16, 32])?;
///         let depth = pick.one_of("depth", [1, 2, 3])?;
///         let mut x = net.encoder(|net| {
///             let halves = Conv::new(3, 16).stride(2);
///             net.conv_bn_act(net.image(), halves, ActivationKind::Relu)
///         });
///         for at in 0..depth {
///             let kernel = pick.one_of(format!("kernel{at}"), [1, 3])?;
///             x = net.conv_bn_relu(x, kernel, width);
///         }
///         net.head(x)
///     }
/// }
///
/// let space = Traced::new(Stack)?;
/// let choices = space.parse("width=16,depth=2,kernel0=3,kernel1=1")?;
/// assert_eq!(*choices, [1, 1, 1, 0, 0]); // a third kernel is not asked for
/// testing::check_space(&space, 50, Seed(0)).expect("the space keeps its contract");
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
///
/// The rules, each checked when the space is made and again whenever it decodes:
///
/// - The same choices ask the same decisions in the same order, with the same options, and build
///   the same network. No decision is asked twice in one build.
/// - A decision may depend on earlier ones: `kernel1` above is asked if `depth` is not 1. Whether
///   it is asked must follow from earlier choices one by one, as it does in nested `if`s and in
///   loops over a picked length, and not from two of them together (`if a || b`). Its options
///   may not change: lists that differ need names that differ.
/// - No choice changes the [encoder](Net::encoder), nor which of its maps are read.
///
/// A sequence of choices has an option for every decision that any network asks; where one is not
/// asked, masks leave its first option only. Decisions with the same options, whose names differ in
/// the numbers at the end of their parts only (`cell0.op1`, `cell1.op2`), share a
/// [kind](crate::Decision::kind), so a controller may learn about all of them at once.
pub trait Blueprint: Send + Sync {
    /// Builds the network of the choices that `pick` gives; it ends with [`Net::head`].
    ///
    /// # Errors
    /// The errors of [`Pick`] and [`Net`], and settings that do not work.
    fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()>;
}
