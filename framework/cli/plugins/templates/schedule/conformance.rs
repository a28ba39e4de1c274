//! Conformance to the contract of a reward schedule.

use nasfw_sdk::testing::check_schedule;
use nasfw_sdk::{Result, RewardSchedule, Seed};

use {{crate}}::{{Type}};

fn make() -> Result<Box<dyn RewardSchedule>> {
    Ok(Box::new({{Type}}::default()))
}

#[test]
fn keeps_its_contract() {
    check_schedule(&make, Seed(1)).unwrap();
}
