//! The promises that every task keeps.

use nasfw_sdk::testing::check_task;

use {{crate}}::{{Type}};

#[test]
fn keeps_its_promises() {
    check_task(&{{Type}}::default()).unwrap();
}
