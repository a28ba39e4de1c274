//! Conformance to the contract of a search space.

use nasfw_sdk::testing::check_space;
use nasfw_sdk::{Seed, Traced};

use {{crate}}::{{Type}};

#[test]
fn keeps_its_contract() {
    let space = Traced::new({{Type}}::default()).unwrap();
    check_space(&space, 50, Seed(1)).unwrap();
}
