//! The promises that every task keeps.

use nasfw_sdk::NoSettings;
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::testing::check_task;

use {{crate}}::{{Type}};

#[test]
fn keeps_its_promises() {
    let task = {{Type}}::from_config(NoSettings {}).unwrap();
    check_task(&task).unwrap();
}
