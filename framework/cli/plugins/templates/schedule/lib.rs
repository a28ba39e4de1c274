//! TODO: how much work is a candidate worth?

use nasfw_sdk::{Result, RewardSchedule, Rng, Stage, State, Verdict};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(schedule, {{Type}}, plugin: "{{name}}", name: "{{name}}",
    about: "a second stage for those above the mean of the first");

nasfw_sdk::settings! {
    /// Two stages; the second for candidates above the mean so far.
    pub struct {{Type}} {
        stages: Vec<Stage> = [Stage::decoder_only(), Stage::end_to_end()].map(|s| s.sized(64, 8, 64)).into(),
        #[serde(skip)] // no setting: how many rewards the first stage gave, and their sum
        seen: (u64, f64) = (0, 0.0),
    }
}

impl RewardSchedule for {{Type}} {
    fn stages(&self) -> &[Stage] {
        &self.stages
    }

    fn verdict(&mut self, _stage: usize, reward: f64, _: &mut Rng) -> Result<Verdict> {
        let (count, sum) = self.seen;
        self.seen = (count + 1, sum + reward);
        if reward * (count as f64) < sum {
            return Ok(Verdict::Stop);
        }
        Ok(Verdict::Continue)
    }

    fn save(&self) -> Result<State> {
        State::write("schedule {{name}}", &self.seen)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        self.seen = state.read("schedule {{name}}")?;
        Ok(())
    }
}
