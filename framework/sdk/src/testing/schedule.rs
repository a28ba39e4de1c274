//! Conformance checks of a reward schedule.

use rand::RngExt;

use crate::{Cost, Result, RewardSchedule, Seed, Verdict, check_stages};

/// Checks that stages are usable and continue only what they may, that the same history gives the same verdicts, that a saved state
/// continues the same way, and that rewards lie in [0, 1] for networks of any cost.
/// `make` makes a new schedule each time.
///
/// # Errors
/// The first violation.
pub fn check_schedule(
    make: &dyn Fn() -> Result<Box<dyn RewardSchedule>>,
    seed: Seed,
) -> std::result::Result<(), String> {
    let made = || make().map_err(|e| format!("cannot be made: {e}"));
    let mut first = made()?;
    let mut second = made()?;
    if first.stages().is_empty() {
        return Err("has no stages".into());
    }
    check_stages(first.stages(), |at| format!("stage {at}")).map_err(|e| e.to_string())?;
    let mut rewards = seed.stream("check_schedule/rewards");
    for trial in 0..300 {
        if trial == 150 {
            let state = saved(&*first)?;
            second = made()?;
            second
                .load(&state)
                .map_err(|e| format!("its own state does not load: {e}"))?;
        }
        for stage in 0..first.stages().len().saturating_sub(1) {
            let reward = rewards.random::<f64>();
            let name = format!("check_schedule/{trial}/{stage}");
            let ask = |schedule: &mut dyn RewardSchedule| {
                let verdict = schedule.verdict(stage, reward, &mut seed.stream(&name));
                verdict.map_err(|e| format!("trial {trial}, stage {stage}: {e}"))
            };
            let verdict = ask(&mut *first)?;
            if verdict != ask(&mut *second)? {
                return Err(format!(
                    "trial {trial}, stage {stage}: verdicts differ for the same history"
                ));
            }
            if verdict == Verdict::Stop {
                break;
            }
        }
    }
    for macs in [0, 1_000_000, 1_000_000_000, u64::MAX] {
        for rewards in [&[0.5][..], &[0.25, 0.5], &[0.0, 1.0, 0.5]] {
            let count = rewards.len().min(first.stages().len());
            check_reward(&*first, &rewards[..count], macs)?;
        }
    }
    let state = saved(&*first)?;
    let damaged = crate::State(b"not a state".to_vec());
    if first.load(&damaged).is_ok() {
        return Err("accepts a damaged state".into());
    }
    if saved(&*first)? == state {
        Ok(())
    } else {
        Err("a damaged state that it refused changed it".into())
    }
}

fn saved(schedule: &dyn RewardSchedule) -> std::result::Result<crate::State, String> {
    schedule.save().map_err(|e| format!("is not saved: {e}"))
}

fn check_reward(
    schedule: &dyn RewardSchedule,
    stage_rewards: &[f64],
    macs: u64,
) -> std::result::Result<(), String> {
    let cost = Cost {
        params: (macs >> 8) as usize,
        params_with_aux: (macs >> 8) as usize,
        macs,
        peak_activation_bytes: macs >> 4,
        output_stride: 4,
    };
    let tell = || {
        schedule
            .reward(stage_rewards, &cost)
            .map_err(|e| e.to_string())
    };
    let told = tell()?;
    if !(0.0..=1.0).contains(&told) {
        return Err(format!(
            "reports the reward {told} for a network of {macs} multiply-adds; rewards must be in [0, 1]"
        ));
    }
    if told.to_bits() == tell()?.to_bits() {
        Ok(())
    } else {
        Err("reports another reward the second time".into())
    }
}
