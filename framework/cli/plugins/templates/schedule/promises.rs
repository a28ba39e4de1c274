//! The promises that every reward schedule keeps.

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::testing::check_schedule;
use nasfw_sdk::{NoSettings, Result, RewardSchedule, Seed};

use {{crate}}::{{Type}};

fn make() -> Result<Box<dyn RewardSchedule>> {
    let made = {{Type}}::from_config(NoSettings {})?;
    Ok(Box::new(made))
}

#[test]
fn keeps_its_promises() {
    check_schedule(&make, Seed(1)).unwrap();
}
