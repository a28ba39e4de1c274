//! A library's controller.

use nasfw_sdk::State;
use nasfw_sdk::wire::message::controller as message;
use nasfw_sdk::wire::message::{Drawn, Generator, Kind, Nothing, Op};
use nasfw_sdk::{Choices, Controller, Outcome, Proposal, Result, Rng, Schema};
use serde_json::Value;

use super::instance::Instance;
use super::{Fault, MOST_STATE, advance};
use crate::library::{Lent, Library};

struct RemoteController {
    instance: Instance,
    schema: Schema,
    fault: Fault,
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
    let (instance, drawn): (_, Drawn) = Instance::make(library, Kind::Controller, name, &config)?;
    advance(rng, drawn).map_err(|e| library.error("create", e.to_string()))?;
    Ok(Box::new(RemoteController {
        instance,
        schema: schema.clone(),
        fault: Fault::default(),
    }))
}

impl RemoteController {
    fn ask(&self, rng: &mut Rng) -> Result<Proposal> {
        let request = message::Propose {
            rng: Generator::of(rng),
        };
        let reply: message::Proposed = self.instance.call(Op::Propose, &request, &mut [])?;
        let wrong = |e: nasfw_sdk::Error| self.instance.error(Op::Propose, e);
        let choices = self.schema.choices(reply.choices).map_err(wrong)?;
        // A probability may round to a little above 1.
        if reply.log_prob > 1e-6 {
            let message = format!("log_prob {} is above 0", reply.log_prob);
            return Err(self.instance.error(Op::Propose, message));
        }
        advance(rng, reply.drawn).map_err(wrong)?;
        Ok(Proposal {
            choices,
            log_prob: reply.log_prob,
        })
    }

    fn tell(&self, outcome: &Outcome, rng: &mut Rng) -> Result<()> {
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

    fn policy(&self, prefix: &[usize]) -> Result<Vec<f64>> {
        let request = message::Prefix {
            prefix: prefix.to_vec(),
        };
        let reply: message::Probabilities =
            self.instance.call(Op::Probabilities, &request, &mut [])?;
        let arity = self.schema.decisions()[prefix.len()].arity();
        if reply.probabilities.len() != arity {
            let message = format!(
                "replied with {} probabilities for {arity} options",
                reply.probabilities.len()
            );
            return Err(self.instance.error(Op::Probabilities, message));
        }
        Ok(reply.probabilities)
    }

    /// Placeholder for a proposal that failed: the first allowed option of every decision.
    fn first(&self) -> Proposal {
        let mut values = Vec::with_capacity(self.schema.len());
        while values.len() < self.schema.len() {
            let allowed = self.schema.allowed(&values);
            values.push(allowed.iter().position(|&a| a).unwrap_or(0));
        }
        match self.schema.choices(values) {
            Ok(choices) => Proposal {
                choices,
                log_prob: 0.0,
            },
            Err(e) => unreachable!("allowed options form valid choices: {e}"),
        }
    }
}

impl Controller for RemoteController {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Proposal {
        let result = self.ask(rng);
        self.fault.keep(result, || self.first())
    }

    fn observe(&mut self, outcome: &Outcome, rng: &mut Rng) {
        let result = self.tell(outcome, rng);
        self.fault.keep(result, || ());
    }

    fn probabilities(&self, prefix: &[usize]) -> Vec<f64> {
        if prefix.len() >= self.schema.len() {
            return Vec::new();
        }
        self.fault.keep(self.policy(prefix), Vec::new)
    }

    fn log_prob(&self, choices: &Choices) -> f64 {
        let choices = choices.to_vec();
        let request = message::OfChoices { choices };
        let reply: Result<message::LogProb> = self.instance.call(Op::LogProb, &request, &mut []);
        self.fault.keep(reply.map(|r| r.log_prob), || f64::NAN)
    }

    fn save(&self) -> State {
        let op = Op::SaveController;
        let bytes = (self.instance).call_for_bytes(op, &Nothing {}, &mut [], MOST_STATE);
        State(self.fault.keep(bytes, Vec::new))
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let lent = &mut [Lent::U8(&state.0)];
        let _: Nothing = self.instance.call(Op::LoadController, &Nothing {}, lent)?;
        Ok(())
    }

    fn fault(&self) -> Result<()> {
        self.fault.take()
    }
}
