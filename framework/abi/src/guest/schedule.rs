//! Operations of reward schedules.

use super::controller::{drawn, state};
use super::slice::Slice;
use super::{read, unknown_operation, write};
use crate::message::schedule as message;
use crate::message::{Nothing, Op};
use nasfw_sdk::error::Result;
use nasfw_sdk::schedule::{RewardSchedule, Verdict};

pub(super) fn call(
    schedule: &mut dyn RewardSchedule,
    op: Op,
    request: &[u8],
    slices: &[Slice<'_>],
) -> Result<Vec<u8>> {
    match op {
        Op::Verdict => {
            let ask: message::Ask = read(request)?;
            let mut rng = ask.rng.rng()?;
            let verdict = schedule.verdict(ask.stage, ask.reward, &mut rng)?;
            write(&message::Answer {
                go_on: verdict == Verdict::Continue,
                drawn: drawn(&rng),
            })
        }
        Op::Told => {
            let of: message::Rewards = read(request)?;
            let reward = schedule.reward(&of.stage_rewards, &of.cost)?;
            write(&message::Told { reward })
        }
        Op::SaveSchedule => Ok(schedule.save()?.0),
        Op::LoadSchedule => {
            schedule.load(&state(slices)?)?;
            write(&Nothing {})
        }
        _ => Err(unknown_operation(op, "schedule")),
    }
}
