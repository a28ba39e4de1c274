//! Conformance checks of a controller's policy.

use crate::{Choices, Controller, Outcome, Policy, Proposal, Rng, Schema};

/// Checks that probabilities form a distribution over the allowed options, and that their product
/// gives the log-prob of `choices`.
pub(super) fn check_policy(
    policy: &dyn Policy,
    schema: &Schema,
    choices: &Choices,
    log_prob: f64,
) -> Result<(), String> {
    for at in 0..schema.len() {
        let prefix = &choices[..at];
        let probabilities = policy.probabilities(prefix).map_err(|e| e.to_string())?;
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
    let recomputed = policy.log_prob(choices).map_err(|e| e.to_string())?;
    // Negated, so that NaN fails.
    let is_near = (recomputed - log_prob).abs() <= 1e-4;
    if is_near {
        Ok(())
    } else {
        Err(format!(
            "log-prob {log_prob} stated, {recomputed} recomputed"
        ))
    }
}

/// Checks that a failure leaves the policy, if any, unchanged bit for bit.
pub(super) fn check_failure(
    controller: &mut dyn Controller,
    proposal: Proposal,
    rng: &mut Rng,
) -> Result<(), String> {
    let choices = proposal.choices.clone();
    let probabilities = |controller: &dyn Controller| -> Result<Vec<Vec<f64>>, String> {
        let Some(policy) = controller.policy() else {
            return Ok(Vec::new());
        };
        (0..choices.len())
            .map(|at| {
                policy
                    .probabilities(&choices[..at])
                    .map_err(|e| e.to_string())
            })
            .collect()
    };
    let before = probabilities(controller)?;
    let reason = "made up".into();
    controller
        .observe(&Outcome::Failed { proposal, reason }, rng)
        .map_err(|e| format!("cannot observe a failure: {e}"))?;
    if probabilities(controller)? == before {
        Ok(())
    } else {
        Err("a failure changed the policy".into())
    }
}
