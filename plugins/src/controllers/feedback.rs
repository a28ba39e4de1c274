//! The part of an outcome that may be learned from.

use nasfw_sdk::{Outcome, Proposal, Schema};

/// Rewards beyond this are not rewards (the contract says 0 to 1) and would overflow weights.
const REWARD_LIMIT: f64 = 1e6;

/// The proposal and its reward, if there is something to learn.
///
/// A failure is not a score: it gives `None`, as do a reward that is no number and choices made for
/// another schema, so that nothing invented reaches a policy, a population or a baseline.
pub(super) fn lesson<'a>(schema: &Schema, outcome: &'a Outcome) -> Option<(&'a Proposal, f64)> {
    match outcome {
        Outcome::Scored { proposal, reward }
            // False for NaN as well.
            if reward.abs() <= REWARD_LIMIT && schema.choices(proposal.choices.to_vec()).is_ok() =>
        {
            Some((proposal, *reward))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::Decision;

    #[test]
    fn failures_strange_rewards_and_foreign_choices_teach_nothing() -> nasfw_sdk::Result<()> {
        let schema = Schema::new(vec![Decision::new("a", "", ["x", "y"])])?;
        let other = Schema::new(vec![Decision::new("a", "", ["x", "y", "z"])])?;
        let of = |schema: &Schema, reward: f64| {
            let choices = schema.choices([schema.decisions()[0].arity() - 1])?;
            let proposal = Proposal {
                choices,
                log_prob: Some(-1.0),
            };
            Ok::<_, nasfw_sdk::Error>(Outcome::Scored { proposal, reward })
        };
        assert!(lesson(&schema, &of(&schema, 0.5)?).is_some());
        for reward in [f64::NAN, f64::INFINITY, -1e300] {
            assert!(lesson(&schema, &of(&schema, reward)?).is_none());
        }
        assert!(lesson(&schema, &of(&other, 0.5)?).is_none());
        Ok(())
    }
}
