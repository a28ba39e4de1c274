//! A library's reward schedule.

use nasfw_abi::message::schedule as message;
use nasfw_abi::message::{Generator, Kind, Nothing, Op};
use nasfw_sdk::State;
use nasfw_sdk::{Cost, Error, Result, RewardSchedule, Rng, Stage, Verdict, check_stages};
use serde_json::Value;

use super::instance::Instance;
use super::{MAX_STATE, advance};
use crate::library::{Lent, Library};

/// Maximum number of stages.
const MAX_STAGES: usize = 16;

struct RemoteSchedule {
    instance: Instance,
    stages: Vec<Stage>,
}

/// Makes the schedule `name`.
///
/// # Errors
/// The library's reason, or the problem with its reply.
pub(crate) fn schedule(
    library: &'static Library,
    name: &'static str,
    settings: &Value,
) -> Result<Box<dyn RewardSchedule>> {
    let config = message::Make {
        settings: settings.clone(),
    };
    let (instance, made): (_, message::Made) =
        Instance::make(library, Kind::Schedule, name, &config)?;
    let wrong = |e: Error| library.error("create", e.to_string());
    let count = made.stages.len();
    if !(1..=MAX_STAGES).contains(&count) {
        let expected = format!("1 to {MAX_STAGES} stages");
        return Err(wrong(Error::invalid("stages", count, expected)));
    }
    check_stages(&made.stages, |at| format!("stage {at}")).map_err(wrong)?;
    Ok(Box::new(RemoteSchedule {
        instance,
        stages: made.stages,
    }))
}

impl RewardSchedule for RemoteSchedule {
    fn stages(&self) -> &[Stage] {
        &self.stages
    }

    fn verdict(&mut self, stage: usize, reward: f64, rng: &mut Rng) -> Result<Verdict> {
        let request = message::Ask {
            stage,
            reward,
            rng: Generator::of(rng),
        };
        let answer: message::Answer = self.instance.call(Op::Verdict, &request, &mut [])?;
        advance(rng, answer.drawn).map_err(|e| self.instance.error(Op::Verdict, e))?;
        Ok(if answer.go_on {
            Verdict::Continue
        } else {
            Verdict::Stop
        })
    }

    fn reward(&self, stage_rewards: &[f64], cost: &Cost) -> Result<f64> {
        let request = message::Rewards {
            stage_rewards: stage_rewards.to_vec(),
            cost: *cost,
        };
        let reply: message::Told = self.instance.call(Op::Told, &request, &mut [])?;
        if (0.0..=1.0).contains(&reply.reward) {
            Ok(reply.reward)
        } else {
            let message = format!("the reward {} is not in [0, 1]", reply.reward);
            Err(self.instance.error(Op::Told, message))
        }
    }

    fn save(&self) -> Result<State> {
        let op = Op::SaveSchedule;
        let bytes = (self.instance).call_for_bytes(op, &Nothing {}, &mut [], MAX_STATE)?;
        Ok(State(bytes))
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let lent = &mut [Lent::U8(&state.0)];
        let _: Nothing = self.instance.call(Op::LoadSchedule, &Nothing {}, lent)?;
        Ok(())
    }
}
