//! Requests and replies, as JSON.
//!
//! A reader leaves out what it does not know, so that a later version may say more. Every number is
//! finite: what is not is written as text, which no reader takes for a number.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | what a library has; operations; random generators |
//! | `finite.rs` | numbers that are finite |
//! | `space.rs` | search spaces |
//! | `controller.rs` | controllers |
//! | `schedule.rs` | reward schedules |
//! | `task.rs` | tasks, their scorers and their data |

pub mod controller;
mod finite;
pub mod schedule;
pub mod space;
pub mod task;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use nasfw_sdk::error::{Error, Result};
use nasfw_sdk::seed::Rng;

/// Kinds of members a library can provide, by number in `create`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u32)]
pub enum Kind {
    /// A search space.
    Space = 1,
    /// A controller.
    Controller = 2,
    /// A reward schedule.
    Schedule = 3,
    /// A task.
    Task = 4,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Space, Self::Controller, Self::Schedule, Self::Task];

    /// The kind's name, e.g. `search space`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Space => "search space",
            Self::Controller => "controller",
            Self::Schedule => "schedule",
            Self::Task => "task",
        }
    }
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// Everything that an instance can be asked, by number in `call`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Op {
            $($(#[$doc])* $name = $number,)*
        }

        impl Op {
            /// All operations.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Name of the operation in messages.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

operations! {
    /// Space: choices → graph.
    Decode = 1, "decode";
    /// Space: choices → text.
    Genotype = 2, "genotype";
    /// Space: text → choices.
    Parse = 3, "parse";
    /// Space: choices → sketches.
    Sketches = 4, "sketches";
    /// Space: choices → named facts.
    Facts = 5, "facts";
    /// Controller: the next architecture.
    Propose = 16, "propose";
    /// Controller: how a proposal ended.
    Observe = 17, "observe";
    /// Controller with a policy: the probabilities after some choices.
    Probabilities = 18, "probabilities";
    /// Controller with a policy: the probability of a proposal.
    LogProb = 19, "log_prob";
    /// Controller: its state; the reply is the bytes themselves.
    SaveController = 20, "save";
    /// Controller: continue from a state, one slice of bytes.
    LoadController = 21, "load";
    /// Schedule: whether to continue.
    Verdict = 32, "verdict";
    /// Schedule: the reward that the controller is told.
    Told = 33, "reward";
    /// Schedule: its state; the reply is the bytes themselves.
    SaveSchedule = 34, "save";
    /// Schedule: continue from a state, one slice of bytes.
    LoadSchedule = 35, "load";
    /// Task: output channels for a data set.
    OutputChannels = 48, "output_channels";
    /// Task: a fresh scorer, an instance of its own.
    Scorer = 49, "scorer";
    /// Task: metrics → reward.
    Reward = 50, "reward";
    /// Task: its custom loss; slices: outputs, truths, gradient (writable).
    CustomLoss = 51, "custom_loss";
    /// Task: the size of a sample of its own data.
    SampleSize = 52, "sample_size";
    /// Task: fill a sample of its own data; slices: image, label (both writable).
    Fill = 53, "fill";
    /// Scorer: take one image in; slices: outputs, truth.
    Add = 64, "add";
    /// Scorer: the metrics over everything added.
    Metrics = 65, "metrics";
}

/// Reply of `describe`: what the library has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Described {
    /// Everything that can be created.
    pub items: Vec<Item>,
}

/// One thing that a library has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its kind.
    pub kind: Kind,
    /// The plugin it belongs to.
    pub plugin: String,
    /// Its own name.
    pub name: String,
    /// One line for a listing.
    pub about: String,
    /// Its version.
    pub version: String,
    /// The default settings, an object.
    pub defaults: Value,
}

/// A random generator: ChaCha with 8 rounds, its seed and how many 32-bit words were drawn.
///
/// A plugin that draws from another generator may seed it from all three fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    /// 64 hexadecimal digits.
    pub seed: String,
    /// The stream's number.
    pub stream: u64,
    /// Words drawn so far.
    pub position: u64,
}

impl Generator {
    /// Position of a generator.
    pub fn of(rng: &Rng) -> Self {
        let hex = |b: &u8| format!("{b:02x}");
        Self {
            seed: rng.get_seed().iter().map(hex).collect(),
            stream: rng.get_stream(),
            // A search draws thousands of words from a stream, not 2^64.
            position: rng.get_word_pos() as u64,
        }
    }

    /// The generator that continues there.
    ///
    /// # Errors
    /// When the seed is not 64 hexadecimal digits.
    pub fn rng(&self) -> Result<Rng> {
        use rand::SeedableRng;
        let wrong = || {
            Error::invalid(
                "generator seed",
                &self.seed,
                "64 hexadecimal digits are right",
            )
        };
        let mut seed = [0; 32];
        let is_hex = self.seed.bytes().all(|b| b.is_ascii_hexdigit());
        if self.seed.len() != 64 || !is_hex {
            return Err(wrong());
        }
        for (byte, at) in seed.iter_mut().zip((0..64).step_by(2)) {
            let digits = &self.seed[at..at + 2];
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        let mut rng = Rng::from_seed(seed);
        rng.set_stream(self.stream);
        rng.set_word_pos(u128::from(self.position));
        Ok(rng)
    }
}

/// Progress of the generator that a call was given; nothing means no draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// Words drawn from the stream's beginning.
    #[serde(default)]
    pub position: Option<u64>,
}

/// An empty request or reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use rand::RngExt;

    use super::*;
    use nasfw_sdk::Seed;

    #[test]
    fn a_generator_continues_on_the_other_side() {
        let mut here = Seed(3).stream("x");
        // An odd number of words: half a 64-bit draw.
        let _: u32 = here.random();
        for _ in 0..40 {
            let mut there = Generator::of(&here).rng().unwrap();
            let draw = |rng: &mut Rng| (rng.random::<u64>(), rng.random::<u32>());
            assert_eq!(draw(&mut there), draw(&mut here));
            assert_eq!(there.get_word_pos(), here.get_word_pos());
        }
        let mut wrong = Generator::of(&here);
        for seed in ["", "zz", &"é".repeat(32), &"+1".repeat(32)] {
            wrong.seed = seed.to_owned();
            assert!(wrong.rng().is_err(), "{seed}");
        }
    }
}
