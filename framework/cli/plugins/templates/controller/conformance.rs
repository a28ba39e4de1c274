//! Conformance to the contract of a controller.

use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::testing::{check_controller, small_schema};
use nasfw_sdk::{Controller, NoSettings, Result, Rng, Schema, Seed};

use {{crate}}::{{Type}};

fn make(schema: &Schema, rng: &mut Rng) -> Result<Box<dyn Controller>> {
    let made = {{Type}}::from_config(NoSettings {}, schema, rng)?;
    Ok(Box::new(made))
}

#[test]
fn keeps_its_contract() {
    check_controller(&make, &small_schema(), 50, Seed(1)).unwrap();
}
