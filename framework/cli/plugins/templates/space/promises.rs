//! The promises that every search space keeps.

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::testing::check_space;
use nasfw_sdk::{NoSettings, Seed};

use {{crate}}::{{Type}};

#[test]
fn keeps_its_promises() {
    let space = {{Type}}::from_config(NoSettings {}).unwrap();
    check_space(&space, 50, Seed(1)).unwrap();
}
