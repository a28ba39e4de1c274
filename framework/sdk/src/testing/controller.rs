//! The promises of a controller.

use rand::RngExt;

use crate::controller::State;
use crate::{Controller, Outcome, Proposal, Rng, Schema, Seed};

/// Checks a controller over `rounds` proposals with made-up rewards and failures: choices are
/// valid, probabilities sum to 1 and give the stated log-prob, the same seed gives the same
/// sequence, a saved state continues the same way, and failures alone do not move the policy.
///
/// `make` makes a controller for a schema, drawing initial weights from the generator.
///
/// # Errors
/// The first broken promise.
pub fn check_controller(
    make: &dyn Fn(&Schema, &mut Rng) -> Box<dyn Controller>,
    schema: &Schema,
    rounds: usize,
    seed: Seed,
) -> Result<(), String> {
    let fresh = || make(schema, &mut seed.stream("check_controller/init"));
    let (mut first, mut second) = (fresh(), fresh());
    let mut rewards = seed.stream("check_controller/rewards");
    for round in 0..rounds {
        if round == rounds / 2 {
            // Loaded into a controller with other initial weights, so that a forgotten part shows.
            let state = first.save();
            second = make(schema, &mut seed.stream("check_controller/other"));
            second
                .load(&state)
                .map_err(|e| format!("its own state does not load: {e}"))?;
        }
        let name = format!("check_controller/{round}");
        let (mut rng, mut rng_again) = (seed.stream(&name), seed.stream(&name));
        let before = first.save();
        let proposal = first.propose(&mut rng);
        check_proposal(&*first, &before, make, schema, &proposal)
            .map_err(|e| format!("round {round}: {e}"))?;
        let again = second.propose(&mut rng_again);
        if again != proposal {
            return Err(format!(
                "round {round}: {again:?} the second time, {proposal:?} the first"
            ));
        }
        let outcome = match rewards.random_range(0..4) {
            0 => Outcome::Failed {
                proposal,
                reason: "made up".into(),
            },
            _ => Outcome::Scored {
                proposal,
                reward: rewards.random(),
            },
        };
        first.observe(&outcome, &mut rng);
        second.observe(&outcome, &mut rng_again);
    }
    check_failures(&mut *first, schema, seed)?;
    check_damaged_state(&mut *first)
}

/// Failures alone leave the policy as it was, to the last bit.
fn check_failures(
    controller: &mut dyn Controller,
    schema: &Schema,
    seed: Seed,
) -> Result<(), String> {
    let mut rng = seed.stream("check_controller/failures");
    for _ in 0..4 {
        let proposal = controller.propose(&mut rng);
        let choices = proposal.choices.clone();
        let policy = |controller: &dyn Controller| -> Vec<Vec<f64>> {
            (0..schema.len())
                .map(|at| controller.probabilities(&choices[..at]))
                .collect()
        };
        let before = policy(controller);
        let reason = "made up".into();
        controller.observe(&Outcome::Failed { proposal, reason }, &mut rng);
        if policy(controller) != before {
            return Err("a failure moved the policy".into());
        }
    }
    Ok(())
}

/// A proposal is valid and has the probability that the policy *before* it states.
fn check_proposal(
    controller: &dyn Controller,
    before: &State,
    make: &dyn Fn(&Schema, &mut Rng) -> Box<dyn Controller>,
    schema: &Schema,
    proposal: &Proposal,
) -> Result<(), String> {
    schema
        .choices(proposal.choices.to_vec())
        .map_err(|e| e.to_string())?;
    if controller.schema() != schema {
        return Err("has another schema than it was made for".into());
    }
    // Sampling may change a controller (evolution counts its proposals); the log-prob is that of
    // the policy it was sampled from.
    let mut then = make(schema, &mut Seed(0).stream("check_proposal"));
    then.load(before)
        .map_err(|e| format!("its own state does not load: {e}"))?;
    for at in 0..schema.len() {
        let prefix = &proposal.choices[..at];
        let probabilities = then.probabilities(prefix);
        let allowed = schema.allowed(prefix);
        if probabilities.len() != allowed.len() {
            return Err(format!(
                "{} probabilities for {} options",
                probabilities.len(),
                allowed.len()
            ));
        }
        let sum: f64 = probabilities.iter().sum();
        if (sum - 1.0).abs() > 1e-5
            || probabilities
                .iter()
                .any(|p| !(0.0..=1.0 + 1e-6).contains(p))
        {
            return Err(format!(
                "decision {at}: probabilities {probabilities:?} sum to {sum}"
            ));
        }
        if probabilities
            .iter()
            .zip(&allowed)
            .any(|(&p, &a)| !a && p > 0.0)
        {
            return Err(format!("decision {at}: a masked option has a probability"));
        }
    }
    let recomputed = then.log_prob(&proposal.choices);
    if (recomputed - proposal.log_prob).abs() > 1e-4 {
        return Err(format!(
            "log-prob {} stated, {recomputed} recomputed",
            proposal.log_prob
        ));
    }
    Ok(())
}

/// Damaged states are refused and leave the controller as it was.
fn check_damaged_state(controller: &mut dyn Controller) -> Result<(), String> {
    let state = controller.save();
    let mut cut = state.clone();
    cut.0.truncate(state.0.len() / 2);
    for damaged in [cut, State(Vec::new()), State(b"not a state".to_vec())] {
        if damaged != state && controller.load(&damaged).is_ok() {
            return Err("accepts a damaged state".into());
        }
        if controller.save() != state {
            return Err("a damaged state that it refused changed it".into());
        }
    }
    Ok(())
}
