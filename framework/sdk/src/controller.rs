//! Controllers, which propose the architectures to try.

use rand::RngExt;
use serde::Serialize;

use crate::choices::{Choices, Schema};
use crate::error::{Error, Result};
use crate::seed::Rng;
use crate::state::State;

/// An architecture that a controller proposes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// The architecture.
    pub choices: Choices,
    /// Natural logarithm of the probability with which it was sampled; `None` where the controller
    /// has no [`Policy`].
    pub log_prob: Option<f64>,
}

impl Proposal {
    /// A proposal of a controller without a policy.
    pub fn new(choices: Choices) -> Self {
        Self {
            choices,
            log_prob: None,
        }
    }

    /// A proposal of `choices` that `controller` did not make, as a search makes one of architectures
    /// that are known or tried again. Where the controller has a policy, it gets the probability that
    /// the policy gives them now, or none where that is 0.
    ///
    /// # Errors
    /// When the policy fails.
    pub fn given(controller: &dyn Controller, choices: Choices) -> Result<Self> {
        let mut log_prob = controller.policy().map(|_| 0.0);
        for at in 0..choices.len() {
            let (Some(policy), Some(so_far)) = (controller.policy(), log_prob) else {
                break;
            };
            let probabilities = policy.probabilities(&choices[..at])?;
            let p = probabilities.get(choices[at]).copied().unwrap_or(0.0);
            log_prob = (p > 0.0).then(|| so_far + p.ln());
        }
        Ok(Self { choices, log_prob })
    }

    /// Samples decision by decision: `probabilities` gives those of the next decision after the
    /// choices so far, as [`Policy::probabilities`] does.
    ///
    /// # Errors
    /// The first error of `probabilities`; also when it gives another number of values than the
    /// decision has options, or allows an option that the schema masks.
    pub fn sample(
        schema: &Schema,
        rng: &mut Rng,
        mut probabilities: impl FnMut(&[usize]) -> Result<Vec<f64>>,
    ) -> Result<Self> {
        let mut values = Vec::with_capacity(schema.len());
        let mut log_prob = 0.0;
        for decision in schema.decisions() {
            let p = probabilities(&values)?;
            if p.len() != decision.arity() {
                return Err(Error::invalid(
                    format!("probabilities of {}", decision.label),
                    format!("{} values", p.len()),
                    format!("the decision has {} options", decision.arity()),
                ));
            }
            let option = draw(&p, rng);
            log_prob += p[option].ln();
            values.push(option);
        }
        Ok(Self {
            choices: schema.choices(values)?,
            log_prob: Some(log_prob),
        })
    }
}

/// Draws an option; never one of probability 0.
pub fn draw(probabilities: &[f64], rng: &mut Rng) -> usize {
    let mut left = rng.random::<f64>();
    let mut last = 0;
    for (option, &p) in probabilities.iter().enumerate() {
        if p > 0.0 {
            if left < p {
                return option;
            }
            left -= p;
            last = option;
        }
    }
    // The draw exceeded the sum because of rounding.
    last
}

/// The outcome of a trial, as reported to the controller.
///
/// A failure carries no reward, and a controller must not treat it as a low one.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The architecture was evaluated.
    Scored {
        /// The proposal.
        proposal: Proposal,
        /// The reward reported by the schedule, in [0, 1], higher is better.
        reward: f64,
    },
    /// The architecture could not be evaluated (NaN, out of memory, a crash).
    Failed {
        /// The proposal.
        proposal: Proposal,
        /// The reason, for logs.
        reason: String,
    },
}

/// Proposes architectures and learns from their rewards.
///
/// A controller draws only from the generator it is given, so that proposals are reproducible, and
/// its whole state goes through [`save`](Controller::save) and [`load`](Controller::load), so that
/// a search can stop and resume anywhere. [`check_controller`](crate::testing::check_controller)
/// checks this.
///
/// A controller that enumerates one-decision spaces, option after option:
///
/// ```
/// use nasfw_sdk::{Controller, Decision, Outcome, Proposal, Result, Rng, Schema, Seed, State};
///
/// struct InOrder {
///     schema: Schema,
///     next: usize,
/// }
///
/// impl Controller for InOrder {
///     fn schema(&self) -> &Schema {
///         &self.schema
///     }
///
///     fn propose(&mut self, _: &mut Rng) -> Result<Proposal> {
///         let option = self.next % self.schema.decisions()[0].arity();
///         self.next += 1;
///         Ok(Proposal::new(self.schema.choices([option])?))
///     }
///
///     fn observe(&mut self, _: &Outcome, _: &mut Rng) -> Result<()> {
///         Ok(())
///     }
///
///     fn save(&self) -> Result<State> {
///         State::write_for("controller in-order", &self.schema, &self.next)
///     }
///
///     fn load(&mut self, state: &State) -> Result<()> {
///         self.next = state.read_for("controller in-order", &self.schema)?;
///         Ok(())
///     }
/// }
///
/// let schema = Schema::new(vec![Decision::new("width", "", ["8", "16", "32"])])?;
/// let mut controller = InOrder { schema, next: 0 };
/// let mut rng = Seed(0).stream("example");
/// controller.propose(&mut rng)?;
/// assert_eq!(*controller.propose(&mut rng)?.choices, [1]);
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
pub trait Controller {
    /// The schema that proposals obey.
    fn schema(&self) -> &Schema;

    /// Proposes the next architecture to try.
    ///
    /// All proposals of a round are made before the first of their outcomes is reported, each with
    /// its own generator.
    ///
    /// # Errors
    /// When nothing can be proposed, which ends the search.
    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal>;

    /// Learns from the outcome of a proposal, in the order of the proposals, whichever ended first.
    /// A search may also try architectures on its own, known ones first (`run.prior`) and promising
    /// ones again (`run.repeats`): their outcomes are reported as well, with the log-prob that the
    /// [`policy`](Self::policy) gave when they were chosen, or none where it gave no probability at
    /// all ([`Proposal::given`]). Only a proposal whose network was tried before has its outcome at once: the reward of the
    /// earlier trial, or a failure where that has none. The search then asks for another proposal.
    /// The outcome reported for a failure is a setting of the search (`run.on_failure`). All
    /// randomness of the update (e.g. the order of a replay) comes from `rng`.
    ///
    /// # Errors
    /// When the update fails, which ends the search.
    fn observe(&mut self, outcome: &Outcome, rng: &mut Rng) -> Result<()>;

    /// Saves everything needed to continue exactly.
    ///
    /// # Errors
    /// When the state cannot be written.
    fn save(&self) -> Result<State>;

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When the state is damaged or was saved for another schema or controller; `self` is
    /// then unchanged.
    fn load(&mut self, state: &State) -> Result<()>;

    /// The distribution that proposals are drawn from, where the controller can state it; none by
    /// default. A controller has one from its beginning to its end, or never.
    fn policy(&self) -> Option<&dyn Policy> {
        None
    }
}

/// The distribution that a [`Controller`] draws proposals from, one decision after another.
///
/// A controller that samples from its policy implements [`Controller::propose`] in one line:
///
/// ```
/// use nasfw_sdk::{Controller, Decision, Outcome, Policy, Proposal, Result, Rng, Schema, Seed, State};
///
/// /// Prefers the first option of every decision.
/// struct FirstMostly(Schema);
///
/// impl Policy for FirstMostly {
///     fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
///         let allowed = self.0.allowed(prefix);
///         let weights = allowed.iter().enumerate().map(|(option, &is_allowed)| match option {
///             _ if !is_allowed => 0.0,
///             0 => 3.0,
///             _ => 1.0,
///         });
///         let sum: f64 = weights.clone().sum();
///         Ok(weights.map(|weight| weight / sum).collect())
///     }
/// }
///
/// impl Controller for FirstMostly {
///     fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
///         Proposal::sample(&self.0, rng, |prefix| self.probabilities(prefix))
///     }
///
///     fn policy(&self) -> Option<&dyn Policy> {
///         Some(self)
///     }
///     # fn schema(&self) -> &Schema {
///     #     &self.0
///     # }
///     # fn observe(&mut self, _: &Outcome, _: &mut Rng) -> Result<()> {
///     #     Ok(())
///     # }
///     # fn save(&self) -> Result<State> {
///     #     State::write_for("controller first-mostly", &self.0, &())
///     # }
///     # fn load(&mut self, state: &State) -> Result<()> {
///     #     state.read_for("controller first-mostly", &self.0)
///     # }
/// }
///
/// let schema = Schema::new(vec![Decision::new("width", "", ["8", "16"])])?;
/// let mut controller = FirstMostly(schema);
/// let proposal = controller.propose(&mut Seed(0).stream("example"))?;
/// assert_eq!(proposal.log_prob, Some(controller.log_prob(&proposal.choices)?));
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
pub trait Policy {
    /// The probability of each option of decision `prefix.len()` once `prefix` has been chosen.
    /// They sum to 1 and are 0 for options that the schema masks.
    ///
    /// # Errors
    /// When `prefix` leaves no decision open.
    fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>>;

    /// Natural logarithm of the probability of proposing `choices` now; by default chained over
    /// [`probabilities`](Policy::probabilities).
    ///
    /// # Errors
    /// When `choices` come from another schema.
    fn log_prob(&self, choices: &Choices) -> Result<f64> {
        (0..choices.len())
            .map(|at| {
                let probabilities = self.probabilities(&choices[..at])?;
                // An option unknown to the policy has probability 0.
                Ok(probabilities
                    .get(choices[at])
                    .map_or(f64::NEG_INFINITY, |p| p.ln()))
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decision, NoSettings};

    /// Always proposes the first option of the first decision, and either of the second.
    struct Half(Schema);

    impl Policy for Half {
        fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
            Ok(if prefix.is_empty() {
                vec![1.0, 0.0]
            } else {
                vec![0.25, 0.75]
            })
        }
    }

    impl Controller for Half {
        fn schema(&self) -> &Schema {
            &self.0
        }

        fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
            Proposal::sample(&self.0, rng, |prefix| self.probabilities(prefix))
        }

        fn observe(&mut self, _: &Outcome, _: &mut Rng) -> Result<()> {
            Ok(())
        }

        fn save(&self) -> Result<State> {
            State::write("half", &NoSettings {})
        }

        fn load(&mut self, _: &State) -> Result<()> {
            Ok(())
        }

        fn policy(&self) -> Option<&dyn Policy> {
            Some(self)
        }
    }

    #[test]
    fn what_a_policy_never_proposes_has_no_probability() -> Result<()> {
        let decision = |label| Decision::new(label, "", ["x", "y"]);
        let half = Half(Schema::new(vec![decision("a"), decision("b")])?);
        let given = |choices| Proposal::given(&half, half.0.choices(choices)?);
        assert_eq!(given([0, 1])?.log_prob, Some(0.75f64.ln()));
        assert_eq!(given([1, 0])?.log_prob, None);
        Ok(())
    }
}
