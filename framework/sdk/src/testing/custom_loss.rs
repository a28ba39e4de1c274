//! Conformance checks of a task's custom loss.

use crate::{Label, Loss, LossBatch, Task};

/// Checks that the loss is finite and deterministic, and its gradient correct by central
/// differences, except at kinks.
pub(super) fn check_custom_loss(
    task: &dyn Task,
    channels: usize,
    label: &Label,
) -> Result<(), String> {
    if task.loss() != Loss::Custom {
        return Ok(());
    }
    let (height, width) = match label {
        Label::Classes { width, height, .. } | Label::Depth { width, height, .. } => {
            (*height, *width)
        }
        Label::Keypoints { .. } => (6, 8),
    };
    let truths = [label.clone(), label.clone()];
    let count = truths.len() * height * width * channels;
    let mut outputs: Vec<f32> = (0..count)
        .map(|i| ((i * 37 % 101) as f32) / 50.0 - 1.0)
        .collect();
    let loss = |outputs: &[f32], gradient: &mut [f32]| -> Result<f64, String> {
        let batch = LossBatch {
            batch: truths.len(),
            height,
            width,
            channels,
            outputs,
            truths: &truths,
        };
        let loss = task
            .custom_loss(&batch, gradient)
            .map_err(|e| e.to_string())?;
        if loss.is_finite() && gradient.iter().all(|g| g.is_finite()) {
            Ok(loss)
        } else {
            Err(format!(
                "its custom loss is {loss}, or its gradient is not finite"
            ))
        }
    };
    let mut gradient = vec![0.0; count];
    let value = loss(&outputs, &mut gradient)?;
    let mut again = vec![0.0; count];
    if loss(&outputs, &mut again)?.to_bits() != value.to_bits() || again != gradient {
        return Err("its custom loss differs the second time".into());
    }
    const STEP: f32 = 1.0 / 64.0;
    for at in (0..count).step_by(count.div_ceil(24)) {
        let was = outputs[at];
        let mut at_offset = |offset: f32| {
            outputs[at] = was + offset;
            let value = loss(&outputs, &mut vec![0.0; count]);
            outputs[at] = was;
            value
        };
        let (above, below) = (at_offset(STEP)?, at_offset(-STEP)?);
        let (up, down) = (above - value, value - below);
        let slope = (above - below) / f64::from(2.0 * STEP);
        let stated = f64::from(gradient[at]);
        // One-sided slopes that differ much indicate a kink; any value between them is a
        // subgradient.
        let slack = (up - down).abs() / f64::from(STEP) + 1e-4 + 0.02 * slope.abs();
        if (slope - stated).abs() > slack {
            return Err(format!(
                "the gradient of its custom loss by output {at} is {stated}, by differences {slope}"
            ));
        }
    }
    Ok(())
}
