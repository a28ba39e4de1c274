//! The promises of a reward schedule.

use rand::RngExt;

use crate::{Result, RewardSchedule, Seed, Verdict};

/// Checks that stages are usable, that the same history gives the same verdicts, that state
/// carries over, and that the reward told is finite.
///
/// `make` makes a fresh schedule each time.
///
/// # Errors
/// The first broken promise.
pub fn check_schedule(
    make: &dyn Fn() -> Result<Box<dyn RewardSchedule>>,
    seed: Seed,
) -> std::result::Result<(), String> {
    let made = || make().map_err(|e| format!("is not made: {e}"));
    let mut first = made()?;
    let mut second = made()?;
    if first.stages().is_empty() {
        return Err("there is no stage".into());
    }
    for (at, stage) in first.stages().iter().enumerate() {
        let name = format!("stage {at}");
        stage.check(&name).map_err(|e| e.to_string())?;
    }
    let mut rewards = seed.stream("check_schedule/rewards");
    for trial in 0..300 {
        if trial == 150 {
            let state = first.save();
            second = made()?;
            second
                .load(&state)
                .map_err(|e| format!("its own state does not load: {e}"))?;
        }
        for stage in 0..first.stages().len().saturating_sub(1) {
            let reward = rewards.random::<f64>();
            let name = format!("check_schedule/{trial}/{stage}");
            let verdict = first.verdict(stage, reward, &mut seed.stream(&name));
            if verdict != second.verdict(stage, reward, &mut seed.stream(&name)) {
                return Err(format!(
                    "trial {trial}, stage {stage}: verdicts differ for the same history"
                ));
            }
            first.fault().map_err(|e| e.to_string())?;
            if verdict == Verdict::Stop {
                break;
            }
        }
    }
    for rewards in [&[0.5][..], &[0.25, 0.5], &[0.0, 1.0, 0.5]] {
        let count = rewards.len().min(first.stages().len());
        let told = first.reward(&rewards[..count]);
        first.fault().map_err(|e| e.to_string())?;
        if !told.is_finite() {
            return Err(format!("tells the controller {told}"));
        }
        if told.to_bits() != first.reward(&rewards[..count]).to_bits() {
            return Err("tells the controller another reward the second time".into());
        }
    }
    let state = first.save();
    let damaged = crate::controller::State(b"not a state".to_vec());
    if first.load(&damaged).is_ok() {
        return Err("accepts a damaged state".into());
    }
    if first.save() != state {
        return Err("a damaged state that it refused changed it".into());
    }
    first.fault().map_err(|e| e.to_string())
}
