//! Successive halving: one training in rungs, after each of which only the better part continues.

use nasfw_sdk::State;
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Error, Result, RewardSchedule, Rng, Stage, Verdict, check_stages};
use serde::{Deserialize, Deserializer, Serialize};

use super::rungs::{RungRewards, divide};
use super::stages;

const OWNER: &str = "schedule halving";
const MAX_ETA: usize = 100;
const MAX_RUNGS: usize = 16;

/// Settings of [`Halving`]; the stage's table may contain only the keys that differ from its
/// default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HalvingConfig {
    /// One in `eta` architectures continues after a rung, and a rung ends after `eta` times the
    /// epochs of the one before: 2 to 100; 3 by default.
    pub eta: usize,
    /// Rungs, the whole training included: 1 to 16, at most one per epoch; 3 by default.
    pub rungs: usize,
    /// Whether architectures stop after rungs; with `false` all go through all of them, so that the
    /// rewards of rungs can be compared. True by default.
    pub stopping: bool,
    /// The whole training; [`Stage::end_to_end`] in 9 epochs by default, whose rungs end after
    /// epochs 1, 3 and 9.
    #[serde(deserialize_with = "over_whole")]
    pub stage: Stage,
}

impl Default for HalvingConfig {
    fn default() -> Self {
        Self {
            eta: 3,
            rungs: 3,
            stopping: true,
            stage: whole(),
        }
    }
}

/// Asynchronous successive halving (ASHA; Li et al., MLSys 2020, arXiv 1810.05934) in the variant
/// that stops a training at a rung, instead of pausing it there for a later promotion; Ray Tune's
/// scheduler of that name is the same variant.
///
/// After a rung, an architecture continues if its reward is among the best `1 / eta` that the rung
/// has seen so far ([`RungRewards::add`]). The first to arrive always continues. A training that
/// continues to its end is, to the byte, that of the schedule `single-stage` with the same stage.
/// The controller receives the last reward obtained.
#[derive(Clone, Debug)]
pub struct Halving {
    stages: Vec<Stage>,
    eta: usize,
    stopping: bool,
    seen: RungRewards,
}

nasfw_sdk::register!(schedule, Halving, plugin: "builtin", name: "halving",
    about: "one training in rungs, after each of which the better part continues");

impl FromConfig for Halving {
    type Config = HalvingConfig;

    fn from_config(config: HalvingConfig) -> Result<Self> {
        let ranges = [
            ("schedule.eta", config.eta, 2, MAX_ETA),
            ("schedule.rungs", config.rungs, 1, MAX_RUNGS),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(Error::invalid(key, value, format!("{least} to {most}")));
            }
        }
        check_stages(std::slice::from_ref(&config.stage), |_| {
            "schedule.stage".into()
        })?;
        Ok(Self {
            stages: divide(&config.stage, config.eta, config.rungs)?,
            eta: config.eta,
            stopping: config.stopping,
            seen: RungRewards::new(config.rungs),
        })
    }
}

impl RewardSchedule for Halving {
    fn stages(&self) -> &[Stage] {
        &self.stages
    }

    fn verdict(&mut self, stage: usize, reward: f64, _: &mut Rng) -> Result<Verdict> {
        let is_among_the_best = self.seen.add(stage, reward, self.eta);
        Ok(if is_among_the_best || !self.stopping {
            Verdict::Continue
        } else {
            Verdict::Stop
        })
    }

    fn save(&self) -> Result<State> {
        State::write(OWNER, &self.seen)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let seen: RungRewards = state.read(OWNER)?;
        if !seen.is_of(self.stages.len()) {
            let message = "its rewards are not those of these rungs".into();
            return Err(Error::State {
                item: OWNER.into(),
                message,
            });
        }
        self.seen = seen;
        Ok(())
    }
}

fn whole() -> Stage {
    Stage {
        epochs: 9,
        ..Stage::end_to_end()
    }
}

fn over_whole<'de, D: Deserializer<'de>>(settings: D) -> Result<Stage, D::Error> {
    stages::read_over(&whole(), settings)
}
