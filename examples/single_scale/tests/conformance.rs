//! The conformance check of every search space, and tests of this one.

use nasfw_sdk::testing::check_space;
use nasfw_sdk::{Result, SearchSpace, Seed, Traced};
use single_scale::SingleScale;

fn space(settings: SingleScale) -> Result<Traced<SingleScale>> {
    Traced::new(settings)
}

#[test]
fn keeps_its_contract() {
    let default = space(SingleScale::default()).unwrap();
    check_space(&default, 50, Seed(1)).unwrap();
    let smallest = SingleScale {
        channels: 1,
        max_depth: 1,
        widths: vec![1],
    };
    check_space(&space(smallest).unwrap(), 3, Seed(1)).unwrap();
}

#[test]
fn genotypes_say_depth_and_width() {
    let space = space(SingleScale::default()).unwrap();
    let choices = space.parse("depth=3,width=64").unwrap();
    assert_eq!(*choices, [2, 2]);
    for (wrong, right) in [
        ("depth=0,width=16", "[1, 2, 3, 4]"),
        ("depth=1,width=17", "[16, 32, 64]"),
        ("depth=1,width=16 ", "[16, 32, 64]"),
        ("width=16,depth=1", "`depth=`"),
        ("depth=1", "`width=`"),
    ] {
        let said = space.parse(wrong).unwrap_err().to_string();
        assert!(said.contains(wrong) && said.contains(right), "{said}");
    }
}

#[test]
fn settings_that_make_no_network_are_refused() {
    type Change = fn(&mut SingleScale);
    let changes: [(Change, &str); 5] = [
        (|s| s.channels = 0, "0 channels"),
        (|s| s.max_depth = 0, "decision `depth`: an empty list"),
        (|s| s.widths = vec![8, 0], "0 channels"),
        (|s| s.widths = vec![], "decision `width`: an empty list"),
        (|s| s.widths = vec![8, 8], "option \"8\" twice"),
    ];
    for (change, part) in changes {
        let mut settings = SingleScale::default();
        change(&mut settings);
        let said = space(settings).unwrap_err().to_string();
        assert!(said.contains(part), "{part}: {said}");
    }
}
