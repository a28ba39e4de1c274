//! Recorded rewards of a whole search space, and controllers played against them.
//!
//! A table has one row for every architecture of a space, so that a search costs nothing but its
//! controller's time, and its regret is known: [`Table::read`] reads one, [`play`] searches it.

mod grid;
mod play;
mod read;
mod score;

pub use grid::Table;
pub use play::{Game, Played, Player, play};
pub use read::TableError;
pub use score::MeanAndError;
