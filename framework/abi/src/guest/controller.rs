//! Operations of controllers.

use super::slice::{Slice, misfit};
use super::{read, unknown_operation, write};
use crate::message::controller as message;
use crate::message::{Drawn, Generator, Nothing, Op};
use nasfw_sdk::State;
use nasfw_sdk::controller::{Controller, Outcome, Policy, Proposal};
use nasfw_sdk::error::{Error, Result};
use nasfw_sdk::seed::Rng;

pub(super) fn call(
    controller: &mut dyn Controller,
    op: Op,
    request: &[u8],
    slices: &[Slice<'_>],
) -> Result<Vec<u8>> {
    match op {
        Op::Propose => {
            let message::Propose { rng } = read(request)?;
            let mut rng = rng.rng()?;
            let proposal = controller.propose(&mut rng)?;
            write(&message::Proposed {
                choices: proposal.choices.to_vec(),
                log_prob: proposal.log_prob,
                drawn: drawn(&rng),
            })
        }
        Op::Observe => {
            let told: message::Observe = read(request)?;
            let mut rng = told.rng.rng()?;
            let proposal = Proposal {
                choices: controller.schema().choices(told.choices)?,
                log_prob: told.log_prob,
            };
            let outcome = match told.outcome {
                message::Outcome::Scored { reward } => Outcome::Scored { proposal, reward },
                message::Outcome::Failed { reason } => Outcome::Failed { proposal, reason },
            };
            controller.observe(&outcome, &mut rng)?;
            write(&drawn(&rng))
        }
        Op::Probabilities => {
            let message::Prefix { prefix } = read(request)?;
            write(&message::Probabilities {
                probabilities: policy(controller, op)?.probabilities(&prefix)?,
            })
        }
        Op::LogProb => {
            let message::OfChoices { choices } = read(request)?;
            let choices = controller.schema().choices(choices)?;
            write(&message::LogProb {
                log_prob: policy(controller, op)?.log_prob(&choices)?,
            })
        }
        Op::SaveController => Ok(controller.save()?.0),
        Op::LoadController => {
            controller.load(&state(slices)?)?;
            write(&Nothing {})
        }
        _ => Err(unknown_operation(op, "controller")),
    }
}

fn policy(controller: &dyn Controller, op: Op) -> Result<&dyn Policy> {
    controller.policy().ok_or_else(|| {
        let expected = "this controller has no policy, and said so when it was made";
        Error::invalid("operation", op.name(), expected)
    })
}

/// Position of a generator after a call.
pub(super) fn drawn(rng: &Rng) -> Drawn {
    Drawn {
        position: Some(Generator::of(rng).position),
    }
}

/// The saved state that a call brings.
pub(super) fn state(slices: &[Slice<'_>]) -> Result<State> {
    match slices {
        [Slice::U8(bytes)] => Ok(State(bytes.to_vec())),
        _ => Err(misfit(slices, "one slice of bytes, the state")),
    }
}
