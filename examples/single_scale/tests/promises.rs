//! The promises that every search space keeps, and those of this one.

use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::testing::check_space;
use nasfw_sdk::{Result, SearchSpace, Seed};
use single_scale::{SingleScale, SingleScaleConfig};

fn space(config: SingleScaleConfig) -> Result<SingleScale> {
    SingleScale::from_config(config)
}

#[test]
fn keeps_its_promises() {
    let default = space(SingleScaleConfig::default()).unwrap();
    check_space(&default, 50, Seed(1)).unwrap();
    let smallest = SingleScaleConfig {
        channels: 1,
        max_depth: 1,
        widths: vec![1],
    };
    check_space(&space(smallest).unwrap(), 3, Seed(1)).unwrap();
}

#[test]
fn genotypes_say_depth_and_width() {
    let space = space(SingleScaleConfig::default()).unwrap();
    let choices = space.parse("d3w64").unwrap();
    assert_eq!(*choices, [2, 2]);
    for wrong in ["d0w16", "d5w16", "d1w17", "d1w16 ", "D1w16", "d01w16"] {
        let said = space.parse(wrong).unwrap_err().to_string();
        assert!(
            said.contains(wrong) && said.contains("e.g. d1w16"),
            "{said}"
        );
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    for (config, key) in [
        (
            SingleScaleConfig {
                channels: 0,
                ..Default::default()
            },
            "channels",
        ),
        (
            SingleScaleConfig {
                max_depth: 17,
                ..Default::default()
            },
            "max_depth",
        ),
        (
            SingleScaleConfig {
                widths: vec![8, 0],
                ..Default::default()
            },
            "widths",
        ),
        (
            SingleScaleConfig {
                widths: vec![],
                ..Default::default()
            },
            "width",
        ),
        (
            SingleScaleConfig {
                widths: vec![8, 8],
                ..Default::default()
            },
            "widths",
        ),
    ] {
        let said = space(config)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        assert!(said.contains(key), "{key}: {said}");
    }
}
