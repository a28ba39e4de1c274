//! TODO: how much work is a candidate worth?

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Cost, NoSettings, Result, RewardSchedule, Rng, Stage, State, Verdict};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(schedule, {{Type}}, plugin: "{{name}}", name: "{{name}}",
    about: "a second stage for those above the mean of the first");

/// Two stages; the second for candidates above the mean so far.
pub struct {{Type}} {
    stages: Vec<Stage>,
    /// How many rewards the first stage gave, and their sum.
    seen: (u64, f64),
}

impl FromConfig for {{Type}} {
    type Config = NoSettings;

    fn from_config(_: NoSettings) -> Result<Self> {
        let mut first = Stage::decoder_only();
        (first.samples, first.epochs, first.batch) = (64, 2, 8);
        (first.shorter_side_px, first.crop_px) = (64, 64);
        let mut second = Stage::end_to_end();
        (second.samples, second.batch) = (64, 8);
        (second.shorter_side_px, second.crop_px) = (64, 64);
        let stages = vec![first, second];
        let seen = (0, 0.0);
        Ok(Self { stages, seen })
    }
}

impl RewardSchedule for {{Type}} {
    fn stages(&self) -> &[Stage] {
        &self.stages
    }

    fn verdict(&mut self, _stage: usize, reward: f64, _: &mut Rng) -> Result<Verdict> {
        let (count, sum) = self.seen;
        self.seen = (count + 1, sum + reward);
        let is_above = reward * count as f64 >= sum;
        Ok(if is_above { Verdict::Continue } else { Verdict::Stop })
    }

    /// What the controller is told: the last stage's reward, whatever the network costs.
    fn reward(&self, stage_rewards: &[f64], _: &Cost) -> Result<f64> {
        Ok(stage_rewards.last().copied().unwrap_or(0.0))
    }

    fn save(&self) -> Result<State> {
        State::write("schedule {{name}}", &self.seen)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        self.seen = state.read("schedule {{name}}")?;
        Ok(())
    }
}
