//! The promises of a controller.

use rand::RngExt;

use crate::State;
use crate::{Controller, Decision, Outcome, Proposal, Result, Rng, Schema, Seed};

/// Makes a controller for a schema, drawing initial weights from the generator.
type Make<'a> = &'a dyn Fn(&Schema, &mut Rng) -> Result<Box<dyn Controller>>;

/// Checks a controller over `rounds` proposals with made-up rewards and failures: choices are
/// valid, probabilities sum to 1 and give the stated log-prob, the same seed gives the same
/// sequence, also when outcomes come after several proposals, a saved state continues the same way,
/// one that is damaged or of another schema is refused, and failures alone do not move the policy.
///
/// `make` makes a controller for a schema, drawing initial weights from the generator.
///
/// # Errors
/// The first broken promise.
pub fn check_controller(
    make: Make<'_>,
    schema: &Schema,
    rounds: usize,
    seed: Seed,
) -> std::result::Result<(), String> {
    let fresh = || made(make, schema, &mut seed.stream("check_controller/init"));
    let (mut first, mut second) = (fresh()?, fresh()?);
    let mut rewards = seed.stream("check_controller/rewards");
    for round in 0..rounds {
        if round == rounds / 2 {
            // Loaded into a controller with other initial weights, so that a forgotten part shows.
            let state = first.save();
            second = made(make, schema, &mut seed.stream("check_controller/other"))?;
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
        sound(&*first)?;
    }
    check_late_outcomes(&mut *first, &mut *second, seed)?;
    check_failures(&mut *first, schema, seed)?;
    check_damaged_state(&mut *first)?;
    check_other_schema(&mut *first, make, schema, seed)
}

fn made(
    make: Make<'_>,
    schema: &Schema,
    rng: &mut Rng,
) -> std::result::Result<Box<dyn Controller>, String> {
    make(schema, rng).map_err(|e| format!("is not made for {} decisions: {e}", schema.len()))
}

fn sound(controller: &dyn Controller) -> std::result::Result<(), String> {
    controller.fault().map_err(|e| e.to_string())
}

/// Several proposals before the first outcome, then all outcomes in order.
fn check_late_outcomes(
    first: &mut dyn Controller,
    second: &mut dyn Controller,
    seed: Seed,
) -> std::result::Result<(), String> {
    let propose = |controller: &mut dyn Controller| -> Vec<Proposal> {
        let rng = |at| seed.stream(&format!("check_controller/late/{at}"));
        (0..3).map(|at| controller.propose(&mut rng(at))).collect()
    };
    let proposals = propose(first);
    if propose(second) != proposals {
        return Err("several proposals in a row differ the second time".into());
    }
    for (at, proposal) in proposals.into_iter().enumerate() {
        let reward = at as f64 / 3.0;
        let outcome = Outcome::Scored { proposal, reward };
        let rng = || seed.stream(&format!("check_controller/told/{at}"));
        first.observe(&outcome, &mut rng());
        second.observe(&outcome, &mut rng());
    }
    sound(first)?;
    match first.save() == second.save() {
        true => Ok(()),
        false => Err("the same outcomes leave different states".into()),
    }
}

/// A state that was saved for another schema is refused.
fn check_other_schema(
    controller: &mut dyn Controller,
    make: Make<'_>,
    schema: &Schema,
    seed: Seed,
) -> std::result::Result<(), String> {
    let mut decisions = schema.decisions().to_vec();
    decisions.push(Decision::new(
        "check_controller",
        "check_controller",
        ["a", "b"],
    ));
    let Ok(larger) = Schema::new(decisions) else {
        return Ok(());
    };
    let other = made(make, &larger, &mut seed.stream("check_controller/init"))?;
    match controller.load(&other.save()) {
        Ok(()) => Err("accepts the state of a controller for another schema".into()),
        Err(_) => sound(controller),
    }
}

/// Failures alone leave the policy as it was, to the last bit.
fn check_failures(
    controller: &mut dyn Controller,
    schema: &Schema,
    seed: Seed,
) -> std::result::Result<(), String> {
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
    make: Make<'_>,
    schema: &Schema,
    proposal: &Proposal,
) -> std::result::Result<(), String> {
    sound(controller)?;
    schema
        .choices(proposal.choices.to_vec())
        .map_err(|e| e.to_string())?;
    if controller.schema() != schema {
        return Err("has another schema than it was made for".into());
    }
    // Sampling may change a controller (evolution counts its proposals); the log-prob is that of
    // the policy it was sampled from.
    let mut then = made(make, schema, &mut Seed(0).stream("check_proposal"))?;
    then.load(before)
        .map_err(|e| format!("its own state does not load: {e}"))?;
    for at in 0..schema.len() {
        let prefix = &proposal.choices[..at];
        let probabilities = then.probabilities(prefix);
        sound(&*then)?;
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
    sound(&*then)?;
    // Not a number is never near.
    let is_near = (recomputed - proposal.log_prob).abs() <= 1e-4;
    if !is_near {
        return Err(format!(
            "log-prob {} stated, {recomputed} recomputed",
            proposal.log_prob
        ));
    }
    Ok(())
}

/// Damaged states are refused and leave the controller as it was.
fn check_damaged_state(controller: &mut dyn Controller) -> std::result::Result<(), String> {
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
