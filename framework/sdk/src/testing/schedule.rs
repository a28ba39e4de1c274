//! The promises of a reward schedule.

use rand::RngExt;

use crate::{RewardSchedule, Seed, Verdict};

/// Checks that stages are usable, that the same history gives the same verdicts, that state
/// carries over, and that the reward told is finite.
///
/// `make` makes a fresh schedule each time.
///
/// # Errors
/// The first broken promise.
pub fn check_schedule(
    make: &dyn Fn() -> Box<dyn RewardSchedule>,
    seed: Seed,
) -> Result<(), String> {
    let mut first = make();
    let mut second = make();
    if first.stages().is_empty() {
        return Err("there is no stage".into());
    }
    for (at, stage) in first.stages().iter().enumerate() {
        if stage.epochs == 0 || stage.batch == 0 || stage.crop_px == 0 || stage.shorter_side_px == 0
        {
            return Err(format!(
                "stage {at}: epochs, batch, crop and shorter side are at least 1"
            ));
        }
    }
    let mut rewards = seed.stream("check_schedule/rewards");
    for trial in 0..300 {
        if trial == 150 {
            let state = first.save();
            second = make();
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
            if verdict == Verdict::Stop {
                break;
            }
        }
    }
    let told = first.reward(&[0.25, 0.5]);
    if !told.is_finite() {
        return Err(format!("tells the controller {told}"));
    }
    let state = first.save();
    let damaged = crate::controller::State(b"not a state".to_vec());
    if first.load(&damaged).is_ok() {
        return Err("accepts a damaged state".into());
    }
    if first.save() != state {
        return Err("a damaged state that it refused changed it".into());
    }
    Ok(())
}
