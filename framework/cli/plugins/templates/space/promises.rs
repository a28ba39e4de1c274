//! The promises that every search space keeps.

use nasfw_sdk::testing::check_space;
use nasfw_sdk::{Seed, Traced};

use {{crate}}::{{Type}};

#[test]
fn keeps_its_promises() {
    let space = Traced::new({{Type}}::default()).unwrap();
    check_space(&space, 50, Seed(1)).unwrap();
}
