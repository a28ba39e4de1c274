//! A schedule of two short stages; the second for trials above the mean so far, or at random.

use nasfw_sdk::State;
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{
    Cost, Decay, Optimiser, Result, RewardSchedule, Rng, Stage, StageInput, TargetScale, Verdict,
};
use rand::RngExt;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HalvesConfig {
    /// Samples of a stage.
    samples: usize,
    /// The second stage continues the training of the first.
    continues: bool,
}

impl Default for HalvesConfig {
    fn default() -> Self {
        Self {
            samples: 16,
            continues: false,
        }
    }
}

const OWNER: &str = "schedule halves";

pub(crate) struct Halves {
    stages: Vec<Stage>,
    /// Number and sum of rewards.
    seen: (u64, f64),
}

nasfw_sdk::register!(schedule, Halves, plugin: "tiny", name: "halves",
    about: "a second stage for the better half");

impl FromConfig for Halves {
    type Config = HalvesConfig;

    fn from_config(config: HalvesConfig) -> Result<Self> {
        let adam = Optimiser::Adam {
            lr: 3e-3,
            weight_decay: 0.0,
        };
        let stage = Stage {
            continues: false,
            source: StageInput::Features,
            samples: config.samples,
            epochs: 1,
            batch: 8,
            shorter_side_px: 32,
            crop_px: 32,
            decoder: adam,
            encoder: adam,
            decay: Decay::Constant,
            clip_norm: 3.0,
            distillation: 0.1,
            auxiliary: 0.0,
            polyak: 0.0,
            targets: TargetScale::Quarter,
        };
        let second = if config.continues {
            Stage {
                continues: true,
                ..stage.clone()
            }
        } else {
            Stage {
                source: StageInput::Images,
                distillation: 0.0,
                ..stage.clone()
            }
        };
        Ok(Self {
            stages: vec![stage, second],
            seen: (0, 0.0),
        })
    }
}

impl RewardSchedule for Halves {
    fn stages(&self) -> &[Stage] {
        &self.stages
    }

    fn verdict(&mut self, _: usize, reward: f64, rng: &mut Rng) -> Result<Verdict> {
        let (count, sum) = self.seen;
        self.seen = (count + 1, sum + reward);
        let continues = reward * count as f64 >= sum || rng.random::<f64>() < 0.25;
        Ok(if continues {
            Verdict::Continue
        } else {
            Verdict::Stop
        })
    }

    /// Reaching the second stage adds a little.
    fn reward(&self, stage_rewards: &[f64], _: &Cost) -> Result<f64> {
        let last = stage_rewards.last().copied().unwrap_or(0.0);
        Ok(0.9 * last + 0.05 * stage_rewards.len() as f64)
    }

    fn save(&self) -> Result<State> {
        State::write(OWNER, &self.seen)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        self.seen = state.read(OWNER)?;
        Ok(())
    }
}
