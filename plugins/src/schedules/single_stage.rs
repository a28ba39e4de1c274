//! One stage for every architecture: the plain schedule, for comparison and for cheap tasks.

use nasfw_sdk::State;
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Result, RewardSchedule, Rng, Stage, Verdict, check_stages};
use serde::{Deserialize, Deserializer, Serialize};

use super::stages;

const OWNER: &str = "schedule single-stage";

/// Settings of [`SingleStage`]; the table may contain only the keys that differ from the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SingleStageConfig {
    /// The stage; [`Stage::end_to_end`] by default.
    #[serde(deserialize_with = "over_end_to_end")]
    pub stage: Stage,
}

impl Default for SingleStageConfig {
    fn default() -> Self {
        Self {
            stage: Stage::end_to_end(),
        }
    }
}

/// Trains every architecture in the same single stage.
#[derive(Clone, Debug)]
pub struct SingleStage {
    stage: Stage,
}

nasfw_sdk::register!(schedule, SingleStage, plugin: "builtin", name: "single-stage",
    about: "one training of the whole network for every architecture");

impl FromConfig for SingleStage {
    type Config = SingleStageConfig;

    fn from_config(config: SingleStageConfig) -> Result<Self> {
        check_stages(std::slice::from_ref(&config.stage), |_| {
            "schedule.stage".into()
        })?;
        Ok(Self {
            stage: config.stage,
        })
    }
}

impl RewardSchedule for SingleStage {
    fn stages(&self) -> &[Stage] {
        std::slice::from_ref(&self.stage)
    }

    fn verdict(&mut self, _: usize, _: f64, _: &mut Rng) -> Result<Verdict> {
        // Never called: there is no decision after the only stage.
        Ok(Verdict::Stop)
    }

    fn save(&self) -> Result<State> {
        State::write(OWNER, &())
    }

    fn load(&mut self, state: &State) -> Result<()> {
        state.read(OWNER)
    }
}

fn over_end_to_end<'de, D: Deserializer<'de>>(settings: D) -> Result<Stage, D::Error> {
    stages::read_over(&Stage::end_to_end(), settings)
}
