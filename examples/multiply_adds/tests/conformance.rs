//! The conformance check of every reward schedule, and tests of this one.

use multiply_adds::{MultiplyAdds, MultiplyAddsConfig};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::testing::check_schedule;
use nasfw_sdk::{Cost, Result, RewardSchedule, Seed};

fn make() -> Result<Box<dyn RewardSchedule>> {
    let made = MultiplyAdds::from_config(MultiplyAddsConfig::default())?;
    Ok(Box::new(made))
}

#[test]
fn keeps_its_contract() {
    check_schedule(&make, Seed(1)).unwrap();
}

#[test]
fn a_network_above_the_target_earns_less() {
    let config = MultiplyAddsConfig {
        target_mega: 10.0,
        strength: 0.5,
        ..Default::default()
    };
    let schedule = MultiplyAdds::from_config(config).unwrap();
    let told = |macs: u64| {
        let cost = Cost {
            params: 1,
            params_with_aux: 1,
            macs,
            peak_activation_bytes: 1,
            output_stride: 4,
        };
        schedule.reward(&[0.1, 0.8], &cost).unwrap()
    };
    assert_eq!(told(0), 0.8);
    assert_eq!(told(10_000_000), 0.8);
    assert!((told(40_000_000) - 0.4).abs() < 1e-12);
}

#[test]
fn settings_out_of_range_are_refused() {
    let default = MultiplyAddsConfig::default();
    for (config, key) in [
        (
            MultiplyAddsConfig {
                target_mega: -1.0,
                ..default
            },
            "target_mega",
        ),
        (
            MultiplyAddsConfig {
                strength: f64::INFINITY,
                ..default
            },
            "strength",
        ),
        (
            MultiplyAddsConfig {
                epochs: 0,
                ..default
            },
            "epochs",
        ),
        (
            MultiplyAddsConfig {
                crop_px: 5000,
                ..default
            },
            "shorter_side_px",
        ),
    ] {
        let made = MultiplyAdds::from_config(config);
        let said = made.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said.contains(key), "{key}: {said}");
    }
}
