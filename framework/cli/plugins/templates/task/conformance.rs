//! Conformance to the contract of a task.

use nasfw_sdk::testing::check_task;

use {{crate}}::{{Type}};

#[test]
fn keeps_its_contract() {
    check_task(&{{Type}}::default()).unwrap();
}
