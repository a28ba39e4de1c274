//! The paper's schedule: a cheap stage for every architecture, an expensive one for promising ones.

use nasfw_sdk::State;
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Error, Result, RewardSchedule, Rng, Stage, Verdict, check_stages};
use serde::{Deserialize, Deserializer, Serialize};

use super::stages;
use super::termination::{History, Termination};

const OWNER: &str = "schedule progressive";

/// Settings of [`Progressive`]; a stage table may contain only the keys that differ from its
/// default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProgressiveConfig {
    /// The first stage; [`Stage::decoder_only`] by default.
    #[serde(deserialize_with = "over_decoder_only")]
    pub stage0: Stage,
    /// The second stage; [`Stage::end_to_end`] by default.
    #[serde(deserialize_with = "over_end_to_end")]
    pub stage1: Stage,
    /// The rule that stops architectures after the first stage; `released` by default.
    pub termination: Termination,
}

impl Default for ProgressiveConfig {
    fn default() -> Self {
        Self {
            stage0: Stage::decoder_only(),
            stage1: Stage::end_to_end(),
            termination: Termination::default(),
        }
    }
}

/// Two stages with early termination between them (arXiv 1810.10804, section 3).
///
/// The controller receives the last reward obtained.
#[derive(Clone, Debug)]
pub struct Progressive {
    stages: [Stage; 2],
    termination: Termination,
    history: History,
}

nasfw_sdk::register!(schedule, Progressive, plugin: "builtin", name: "progressive",
    about: "decoder on cached features, then, if promising, the whole network");

impl FromConfig for Progressive {
    type Config = ProgressiveConfig;

    fn from_config(config: ProgressiveConfig) -> Result<Self> {
        let stages = [config.stage0, config.stage1];
        check_stages(&stages, |at| format!("schedule.stage{at}"))?;
        Ok(Self {
            stages,
            termination: config.termination,
            history: History::default(),
        })
    }
}

impl RewardSchedule for Progressive {
    fn stages(&self) -> &[Stage] {
        &self.stages
    }

    fn verdict(&mut self, stage: usize, reward: f64, rng: &mut Rng) -> Result<Verdict> {
        Ok(match stage {
            0 => self.termination.verdict(&mut self.history, reward, rng),
            // There is no decision after the last stage.
            _ => Verdict::Stop,
        })
    }

    fn save(&self) -> Result<State> {
        State::write(OWNER, &self.history)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let history: History = state.read(OWNER)?;
        if !history.is_sound() {
            let message = "its mean is not a number".into();
            return Err(Error::State {
                item: OWNER.into(),
                message,
            });
        }
        self.history = history;
        Ok(())
    }
}

fn over_decoder_only<'de, D: Deserializer<'de>>(settings: D) -> Result<Stage, D::Error> {
    stages::read_over(&Stage::decoder_only(), settings)
}

fn over_end_to_end<'de, D: Deserializer<'de>>(settings: D) -> Result<Stage, D::Error> {
    stages::read_over(&Stage::end_to_end(), settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::Cost;

    #[test]
    fn a_partial_table_is_enough() -> std::result::Result<(), serde_json::Error> {
        let text = r#"{"stage0": {"epochs": 2}, "termination": "never"}"#;
        let config: ProgressiveConfig = serde_json::from_str(text)?;
        let stage0 = Stage {
            epochs: 2,
            ..Stage::decoder_only()
        };
        let termination = Termination::Never;
        assert_eq!(
            config,
            ProgressiveConfig {
                stage0,
                termination,
                ..Default::default()
            }
        );
        Ok(())
    }

    #[test]
    fn the_controller_is_told_the_last_reward() -> Result<()> {
        let it = Progressive::from_config(ProgressiveConfig::default())?;
        assert_eq!(it.reward(&[0.3, 0.5], &Cost::default())?, 0.5);
        assert_eq!(it.reward(&[0.3], &Cost::default())?, 0.3);
        Ok(())
    }
}
