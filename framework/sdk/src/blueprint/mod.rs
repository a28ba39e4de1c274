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

use std::collections::BTreeMap;

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
/// The rules, checked when the space is made and again whenever it decodes:
///
/// - The same choices ask the same decisions in the same order, with the same options. No decision
///   is asked twice in one build.
/// - A decision may depend on earlier ones: `kernel1` above is asked if `depth` is not 1. Whether
///   it is asked must follow from earlier choices one by one, as it does in nested `if`s and in
///   loops over a picked length, and not from two of them together (`if a || b`). Its options
///   may not change: lists that differ need names that differ.
/// - No choice changes the [encoder](Net::encoder), nor which of its maps are read. A connection
///   that may be off still reads its map: resize or project the map in every network, and pick
///   whether to add the result.
///
/// They must also build the same network; only [`check_space`](crate::testing::check_space), which
/// builds networks twice, finds a function that does not.
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

    /// Replaces the options chosen, by the names of the decisions that a network asks, by those of
    /// the [canonical form](crate::SearchSpace::canonical). By default they are their own.
    ///
    /// Where two maps are added, the order of picking them makes no other network:
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use nasfw_sdk::{Blueprint, Net, Pick, Result, SearchSpace, Seed, Traced, testing};
    ///
    /// struct Pair;
    ///
    /// impl Blueprint for Pair {
    ///     fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
    ///         let [left, right] = [pick.one_of("left", [1, 3])?, pick.one_of("right", [1, 3])?];
    ///         let sides = [left, right].map(|kernel| net.conv_bn_relu(net.image(), kernel, 8));
    ///         let sum = net.add(&sides);
    ///         net.head(sum)
    ///     }
    ///
    ///     fn canonical(&self, chosen: &mut BTreeMap<String, usize>) -> Result<()> {
    ///         let sides = ["left", "right"].map(|name| chosen[name]);
    ///         chosen.insert("left".into(), sides[0].min(sides[1]));
    ///         chosen.insert("right".into(), sides[0].max(sides[1]));
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let space = Traced::new(Pair)?;
    /// let swapped = space.canonical(&space.parse("left=3,right=1")?)?;
    /// assert_eq!(space.genotype(&swapped)?, "left=1,right=3");
    /// testing::check_space(&space, 20, Seed(0)).expect("equal forms are one network");
    /// # Ok::<(), nasfw_sdk::Error>(())
    /// ```
    ///
    /// A decision that is not asked after the replacement is left out of it, and one that is newly
    /// asked must be in it.
    ///
    /// # Errors
    /// When the options are not from this blueprint.
    fn canonical(&self, _chosen: &mut BTreeMap<String, usize>) -> Result<()> {
        Ok(())
    }
}
