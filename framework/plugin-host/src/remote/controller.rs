//! A library's controller.

use nasfw_abi::message::controller as message;
use nasfw_abi::message::{Drawn, Generator, Kind, Nothing, Op};
use nasfw_sdk::State;
use nasfw_sdk::{Choices, Controller, Error, Outcome, Policy, Proposal, Result, Rng, Schema};
use serde_json::Value;

use super::instance::Instance;
use super::{MAX_STATE, advance};
use crate::library::{Lent, Library};

struct RemoteController {
    instance: Instance,
    schema: Schema,
    has_policy: bool,
}

/// Makes the controller `name` for a schema.
///
/// # Errors
/// The library's reason, or the problem with its reply.
pub(crate) fn controller(
    library: &'static Library,
    name: &'static str,
    settings: &Value,
    schema: &Schema,
    rng: &mut Rng,
) -> Result<Box<dyn Controller>> {
    let config = message::Make {
        settings: settings.clone(),
        schema: schema.clone(),
        rng: Generator::of(rng),
    };
    let (instance, made): (_, message::Made) =
        Instance::make(library, Kind::Controller, name, &config)?;
    advance(rng, made.drawn).map_err(|e| library.error("create", e.to_string()))?;
    Ok(Box::new(RemoteController {
        instance,
        schema: schema.clone(),
        has_policy: made.policy,
    }))
}

impl Controller for RemoteController {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        let request = message::Propose {
            rng: Generator::of(rng),
        };
        let reply: message::Proposed = self.instance.call(Op::Propose, &request, &mut [])?;
        let wrong = |e: Error| self.instance.error(Op::Propose, e);
        let choices = self.schema.choices(reply.choices).map_err(wrong)?;
        match reply.log_prob {
            // A probability may round to a little above 1.
            Some(log_prob) if log_prob > 1e-6 => {
                let message = format!("log_prob {log_prob} is above 0");
                return Err(self.instance.error(Op::Propose, message));
            }
            Some(log_prob) if !self.has_policy => {
                let message = format!("log_prob {log_prob} of a controller without a policy");
                return Err(self.instance.error(Op::Propose, message));
            }
            None if self.has_policy => {
                let message = "no log_prob of a controller with a policy";
                return Err(self.instance.error(Op::Propose, message));
            }
            _ => {}
        }
        advance(rng, reply.drawn).map_err(wrong)?;
        Ok(Proposal {
            choices,
            log_prob: reply.log_prob,
        })
    }

    fn observe(&mut self, outcome: &Outcome, rng: &mut Rng) -> Result<()> {
        let (proposal, outcome) = match outcome {
            Outcome::Scored { proposal, reward } => {
                (proposal, message::Outcome::Scored { reward: *reward })
            }
            Outcome::Failed { proposal, reason } => {
                let reason = reason.clone();
                (proposal, message::Outcome::Failed { reason })
            }
        };
        let request = message::Observe {
            choices: proposal.choices.to_vec(),
            log_prob: proposal.log_prob,
            outcome,
            rng: Generator::of(rng),
        };
        let drawn: Drawn = self.instance.call(Op::Observe, &request, &mut [])?;
        advance(rng, drawn).map_err(|e| self.instance.error(Op::Observe, e))
    }

    fn save(&self) -> Result<State> {
        let op = Op::SaveController;
        let bytes = (self.instance).call_for_bytes(op, &Nothing {}, &mut [], MAX_STATE)?;
        Ok(State(bytes))
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let lent = &mut [Lent::U8(&state.0)];
        let _: Nothing = self.instance.call(Op::LoadController, &Nothing {}, lent)?;
        Ok(())
    }

    fn policy(&self) -> Option<&dyn Policy> {
        self.has_policy.then_some(self)
    }
}

impl Policy for RemoteController {
    fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
        let Some(decision) = self.schema.decisions().get(prefix.len()) else {
            let expected = "fewer choices than there are decisions";
            return Err(Error::invalid("prefix", prefix.len(), expected));
        };
        let request = message::Prefix {
            prefix: prefix.to_vec(),
        };
        let reply: message::Probabilities =
            self.instance.call(Op::Probabilities, &request, &mut [])?;
        let (count, arity) = (reply.probabilities.len(), decision.arity());
        if count == arity {
            Ok(reply.probabilities)
        } else {
            let message = format!("{count} probabilities for {arity} options");
            Err(self.instance.error(Op::Probabilities, message))
        }
    }

    fn log_prob(&self, choices: &Choices) -> Result<f64> {
        let choices = choices.to_vec();
        let request = message::OfChoices { choices };
        let reply: message::LogProb = self.instance.call(Op::LogProb, &request, &mut [])?;
        Ok(reply.log_prob)
    }
}
