//! A reward schedule that takes the cost of a network into account.
//!
//! The controller receives the task's reward times min(1, target / multiply-adds)^strength:
//! equation 3 of MnasNet (Tan et al., CVPR 2019) with α = 0 and β = −strength, without a penalty
//! for networks within the target. MnasNet measured seconds on a phone. A schedule must not read
//! the clock, because the seed would then no longer determine a search. It uses multiply-adds
//! instead; a table of times measured beforehand would do as well.

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Cost, Error, Result, RewardSchedule, Rng, Stage, State, Verdict};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(schedule, MultiplyAdds, plugin: "multiply-adds", name: "multiply-adds",
    about: "one training; networks above a target of multiply-adds earn less");

/// The owner of saved states.
const OWNER: &str = "schedule multiply-adds";

nasfw_sdk::settings! {
    /// The settings: `--set schedule.target_mega=20`.
    pub struct MultiplyAddsConfig {
        /// Multiply-adds without penalty, in millions, at the size that candidates are evaluated
        /// at.
        pub target_mega: f64 = 10.0,
        /// Exponent of the penalty: 1 halves the reward at twice the target.
        pub strength: f64 = 1.0,
        /// Training samples per pass.
        pub samples: usize = 128,
        /// Passes.
        pub epochs: usize = 1,
        /// Images per step.
        pub batch: usize = 8,
        /// Side of the square crop, and shorter side of the images.
        pub crop_px: usize = 64,
    }
}

/// One training for every architecture, and a penalty for its cost.
pub struct MultiplyAdds {
    config: MultiplyAddsConfig,
    stage: Stage,
}

impl FromConfig for MultiplyAdds {
    type Config = MultiplyAddsConfig;

    fn from_config(config: MultiplyAddsConfig) -> Result<Self> {
        let positive = |key: &str, value: f64| {
            if value > 0.0 && value.is_finite() {
                Ok(())
            } else {
                Err(Error::invalid(key, value, "a number above 0 is right"))
            }
        };
        positive("target_mega", config.target_mega)?;
        positive("strength", config.strength)?;
        let mut stage = Stage::end_to_end();
        (stage.samples, stage.epochs, stage.batch) = (config.samples, config.epochs, config.batch);
        (stage.shorter_side_px, stage.crop_px) = (config.crop_px, config.crop_px);
        stage.check("schedule")?;
        Ok(Self { config, stage })
    }
}

impl RewardSchedule for MultiplyAdds {
    fn stages(&self) -> &[Stage] {
        std::slice::from_ref(&self.stage)
    }

    fn verdict(&mut self, _: usize, _: f64, _: &mut Rng) -> Result<Verdict> {
        // Never called: nothing follows the only stage.
        Ok(Verdict::Stop)
    }

    fn reward(&self, stage_rewards: &[f64], cost: &Cost) -> Result<f64> {
        let earned = stage_rewards.last().copied().unwrap_or(0.0);
        let target = self.config.target_mega * 1e6;
        let within = (target / cost.macs as f64).min(1.0);
        Ok(earned * within.powf(self.config.strength))
    }

    fn save(&self) -> Result<State> {
        State::write(OWNER, &())
    }

    fn load(&mut self, state: &State) -> Result<()> {
        state.read(OWNER)
    }
}
