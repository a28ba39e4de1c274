//! Cross-entropy with higher weights near boundaries.

use nasfw_sdk::{Error, LossBatch, Result};

use crate::{BoundariesConfig, classes, outline};

/// `Σ wᵢ (−log softmax(zᵢ)[tᵢ]) / Σ wᵢ` over the pixels not ignored; its derivative by output `c`
/// of pixel `i` is `wᵢ / Σ w · (softmax(zᵢ)[c] − [c = tᵢ])`.
pub(crate) fn cross_entropy(
    config: &BoundariesConfig,
    batch: &LossBatch<'_>,
    gradient: &mut [f32],
) -> Result<f64> {
    let mut weights = Vec::with_capacity(batch.batch * batch.height * batch.width);
    let mut targets = Vec::with_capacity(weights.capacity());
    for truth in batch.truths {
        let map = classes(truth)?;
        if let Some(class) =
            (map.iter()).find(|&&c| c != config.ignore && usize::from(c) >= batch.channels)
        {
            let right = format!("classes are below {}, or {}", batch.channels, config.ignore);
            return Err(Error::invalid("truth", class, right));
        }
        weights.extend(weigh(map, batch.width, config));
        targets.extend_from_slice(map);
    }
    let sum: f64 = weights.iter().map(|&w| f64::from(w)).sum();
    if sum == 0.0 {
        return Ok(0.0);
    }
    let pixels = batch.outputs.chunks_exact(batch.channels);
    let gradients = gradient.chunks_exact_mut(batch.channels);
    let mut loss = 0.0;
    for (((logits, gradient), &target), &weight) in
        pixels.zip(gradients).zip(&targets).zip(&weights)
    {
        if weight > 0.0 {
            let share = f64::from(weight) / sum;
            loss += share * at_pixel(logits, usize::from(target), share as f32, gradient);
        }
    }
    Ok(loss)
}

/// The weight of each pixel.
fn weigh(map: &[u8], width: usize, config: &BoundariesConfig) -> Vec<f32> {
    let mut is_near = vec![false; map.len()];
    let mut present: Vec<u8> = map
        .iter()
        .copied()
        .filter(|&c| c != config.ignore)
        .collect();
    present.sort_unstable();
    present.dedup();
    for class in present {
        let outline = outline::of_class(map, width, class, config.ignore);
        for (is, new) in is_near
            .iter_mut()
            .zip(outline::near(&outline, width, config.radius_px))
        {
            *is |= new;
        }
    }
    let weight = |(&class, is_near): (&u8, bool)| match (class == config.ignore, is_near) {
        (true, _) => 0.0,
        (false, true) => config.weight,
        (false, false) => 1.0,
    };
    map.iter().zip(is_near).map(weight).collect()
}

/// The cross-entropy of one pixel; writes its derivatives, times `share`, to `gradient`.
fn at_pixel(logits: &[f32], target: usize, share: f32, gradient: &mut [f32]) -> f64 {
    // Subtracting the maximum keeps exponentials from overflowing.
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|z| (z - largest).exp()).sum();
    for (class, (z, gradient)) in logits.iter().zip(gradient).enumerate() {
        let softmax = (z - largest).exp() / sum;
        let wanted = if class == target { 1.0 } else { 0.0 };
        *gradient = share * (softmax - wanted);
    }
    f64::from(sum.ln() + largest - logits[target])
}
