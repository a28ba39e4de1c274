//! Conformance checks of a controller.

use rand::RngExt;

use super::policy::{check_failure, check_policy};
use crate::State;
use crate::{Controller, Decision, Outcome, Proposal, Result, Rng, Schema, Seed};

/// Makes a controller for a schema, drawing initial weights from the generator.
pub(super) type Make<'a> = &'a dyn Fn(&Schema, &mut Rng) -> Result<Box<dyn Controller>>;

/// The first violation, or nothing.
type Check<T = ()> = std::result::Result<T, String>;

/// Checks a controller over `rounds` proposals with made-up rewards and failures.
///
/// Choices must be valid; the same seed must give the same sequence, also when outcomes arrive
/// after several proposals; a saved state must continue the same way, and a state that is damaged
/// or of another schema must be refused; failures alone must not change proposals. If there is a
/// policy, its probabilities must sum to 1 and give the stated log-prob, and failures alone must
/// not change it.
///
/// `make` makes a controller for a schema, drawing initial weights from the generator.
///
/// # Errors
/// The first violation.
pub fn check_controller(make: Make<'_>, schema: &Schema, rounds: usize, seed: Seed) -> Check {
    let fresh = || made(make, schema, &mut seed.stream("check_controller/init"));
    let (mut first, mut second) = (fresh()?, fresh()?);
    let mut rewards = seed.stream("check_controller/rewards");
    for round in 0..rounds {
        if round == rounds / 2 {
            // Loaded into a controller with other initial weights, to reveal missing parts of the
            // state.
            let state = saved(&*first)?;
            second = made(make, schema, &mut seed.stream("check_controller/other"))?;
            load(&mut *second, &state)?;
        }
        let name = format!("check_controller/{round}");
        let (mut rng, mut rng_again) = (seed.stream(&name), seed.stream(&name));
        let before = saved(&*first)?;
        let proposal = proposed(&mut *first, &mut rng)?;
        check_proposal(&*first, &before, make, schema, &proposal)
            .map_err(|e| format!("round {round}: {e}"))?;
        let again = proposed(&mut *second, &mut rng_again)?;
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
        tell(&mut *first, &outcome, &mut rng)?;
        tell(&mut *second, &outcome, &mut rng_again)?;
    }
    check_late_outcomes(&mut *first, &mut *second, seed)?;
    check_others_proposals(&mut *first, &mut *second, schema, seed)?;
    check_failures(&mut *first, &mut *second, seed)?;
    check_damaged_state(&mut *first)?;
    check_other_schema(&mut *first, make, schema, seed)
}

/// Checks several proposals before the first outcome, then all outcomes in order, but for one that
/// comes first, as that of a network that was tried before does.
fn check_late_outcomes(
    first: &mut dyn Controller,
    second: &mut dyn Controller,
    seed: Seed,
) -> Check {
    let propose = |controller: &mut dyn Controller| -> Check<Vec<Proposal>> {
        let rng = |at| seed.stream(&format!("check_controller/late/{at}"));
        (0..4)
            .map(|at| proposed(controller, &mut rng(at)))
            .collect()
    };
    let proposals = propose(first)?;
    if propose(second)? != proposals {
        return Err("several proposals in a row differ the second time".into());
    }
    let mut proposals: Vec<_> = proposals.into_iter().enumerate().collect();
    proposals[..2].reverse();
    for (at, proposal) in proposals {
        let reward = at as f64 / 3.0;
        let outcome = Outcome::Scored { proposal, reward };
        let rng = || seed.stream(&format!("check_controller/told/{at}"));
        tell(first, &outcome, &mut rng())?;
        tell(second, &outcome, &mut rng())?;
    }
    if saved(first)? == saved(second)? {
        Ok(())
    } else {
        Err("the same outcomes leave different states".into())
    }
}

/// Checks outcomes of architectures that the search chose itself, one of them twice.
fn check_others_proposals(
    first: &mut dyn Controller,
    second: &mut dyn Controller,
    schema: &Schema,
    seed: Seed,
) -> Check {
    let mut rng = seed.stream("check_controller/given");
    let choices = [0, 1].map(|_| super::random_choices(schema, &mut rng));
    for (at, choices) in [&choices[0], &choices[1], &choices[0]]
        .into_iter()
        .enumerate()
    {
        let proposal = Proposal::given(first, choices.clone())
            .map_err(|e| format!("no probability of given choices: {e}"))?;
        let reward = at as f64 / 4.0;
        let outcome = Outcome::Scored { proposal, reward };
        let rng = || seed.stream(&format!("check_controller/given/{at}"));
        tell(first, &outcome, &mut rng())?;
        tell(second, &outcome, &mut rng())?;
    }
    let rng = || seed.stream("check_controller/given/next");
    if proposed(first, &mut rng())? == proposed(second, &mut rng())? {
        Ok(())
    } else {
        Err("outcomes of architectures that others chose lead to different proposals".into())
    }
}

/// Checks that a state saved for another schema is refused.
fn check_other_schema(
    controller: &mut dyn Controller,
    make: Make<'_>,
    schema: &Schema,
    seed: Seed,
) -> Check {
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
    match controller.load(&saved(&*other)?) {
        Ok(()) => Err("accepts the state of a controller for another schema".into()),
        Err(_) => Ok(()),
    }
}

/// Checks that failures alone change neither proposals nor the policy. `first` and `second` are in
/// the same state; only `first` observes the failures.
fn check_failures(first: &mut dyn Controller, second: &mut dyn Controller, seed: Seed) -> Check {
    for at in 0..4 {
        let rng = || seed.stream(&format!("check_controller/failures/{at}"));
        let proposal = proposed(first, &mut rng())?;
        if proposed(second, &mut rng())? != proposal {
            return Err("a failure changed the next proposal".into());
        }
        check_failure(first, proposal, &mut seed.stream("check_controller/failed"))?;
    }
    Ok(())
}

/// Checks that a proposal is valid and has the log-prob stated by the policy *before* it.
fn check_proposal(
    controller: &dyn Controller,
    before: &State,
    make: Make<'_>,
    schema: &Schema,
    proposal: &Proposal,
) -> Check {
    schema
        .choices(proposal.choices.to_vec())
        .map_err(|e| e.to_string())?;
    if controller.schema() != schema {
        return Err("its schema is not the one it was made for".into());
    }
    // Sampling may change a controller (e.g. one that counts its proposals); the log-prob is that
    // of the policy before.
    let mut then = made(make, schema, &mut Seed(0).stream("check_proposal"))?;
    load(&mut *then, before)?;
    match (then.policy(), proposal.log_prob) {
        (Some(policy), Some(log_prob)) => check_policy(policy, schema, &proposal.choices, log_prob),
        (None, None) => Ok(()),
        (Some(_), None) => Err("has a policy, but proposes without a log-prob".into()),
        (None, Some(log_prob)) => Err(format!(
            "states the log-prob {log_prob} without a policy that gives it"
        )),
    }
}

/// Checks that damaged states are refused and leave the controller unchanged.
fn check_damaged_state(controller: &mut dyn Controller) -> Check {
    let state = saved(controller)?;
    let mut cut = state.clone();
    cut.0.truncate(state.0.len() / 2);
    for damaged in [cut, State(Vec::new()), State(b"not a state".to_vec())] {
        if damaged != state && controller.load(&damaged).is_ok() {
            return Err("accepts a damaged state".into());
        }
        if saved(controller)? != state {
            return Err("refusing a damaged state changed it".into());
        }
    }
    Ok(())
}

fn made(make: Make<'_>, schema: &Schema, rng: &mut Rng) -> Check<Box<dyn Controller>> {
    make(schema, rng).map_err(|e| format!("cannot be made for {} decisions: {e}", schema.len()))
}

fn proposed(controller: &mut dyn Controller, rng: &mut Rng) -> Check<Proposal> {
    controller
        .propose(rng)
        .map_err(|e| format!("cannot propose: {e}"))
}

fn tell(controller: &mut dyn Controller, outcome: &Outcome, rng: &mut Rng) -> Check {
    controller
        .observe(outcome, rng)
        .map_err(|e| format!("cannot observe an outcome: {e}"))
}

fn saved(controller: &dyn Controller) -> Check<State> {
    controller
        .save()
        .map_err(|e| format!("cannot be saved: {e}"))
}

fn load(controller: &mut dyn Controller, state: &State) -> Check {
    controller
        .load(state)
        .map_err(|e| format!("its own state does not load: {e}"))
}
