//! Conformance checks: one function per trait, which returns the first violation of its contract.
//!
//! This workspace runs them on every registered item, and plugin authors should run them on theirs.

mod controller;
mod custom_loss;
mod policy;
mod schedule;
mod space;
mod task;
mod task_data;

pub use controller::check_controller;
pub use schedule::check_schedule;
pub use space::check_space;
pub use task::check_task;

/// Draws a valid sequence of choices uniformly, decision by decision.
pub fn random_choices(schema: &crate::Schema, rng: &mut crate::Rng) -> crate::Choices {
    use rand::seq::IteratorRandom;
    let mut values: Vec<usize> = Vec::with_capacity(schema.len());
    while values.len() < schema.len() {
        let allowed = schema.allowed(&values);
        let option = (0..allowed.len()).filter(|&o| allowed[o]).choose(rng);
        // A schema always leaves at least one option unmasked.
        values.push(option.unwrap_or(0));
    }
    match schema.choices(values) {
        Ok(choices) => choices,
        Err(e) => unreachable!("allowed options form valid choices: {e}"),
    }
}

/// A small schema for checking controllers: decisions of different kinds, one with a masked option
/// and one with a single option.
pub fn small_schema() -> crate::Schema {
    use crate::{Decision, choices::Mask};
    let mut masked = Decision::new("op2", "op", ["a", "b", "c"]);
    masked.masks.push(Mask {
        when: 0,
        chose: 1,
        forbids: vec![0],
    });
    let schema = crate::Schema::new(vec![
        Decision::new("op1", "op", ["a", "b", "c"]),
        masked,
        Decision::new("width", "width", ["8", "16"]),
        Decision::new("only", "only", ["one"]),
    ]);
    match schema {
        Ok(schema) => schema,
        Err(e) => unreachable!("these decisions form a schema: {e}"),
    }
}
