//! The reward of metrics.

use nasfw_sdk::{Metrics, Task};

use crate::error::{Error, Result};

/// The task's reward for `metrics`.
///
/// # Errors
/// When it is not finite.
pub(crate) fn reward(task: &dyn Task, metrics: &Metrics) -> Result<f64> {
    let reward = task.reward(metrics)?;
    if reward.is_finite() {
        Ok(reward)
    } else {
        Err(Error::Training(format!("the reward became {reward}")))
    }
}
