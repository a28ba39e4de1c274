//! Learning a kernel from rewards.

use crate::evidence::{evidence, parameters, with_parameters};
use crate::kernel::Kernel;
use crate::points::Points;

/// Bounds of ln weight, ln noise and ln ratio, far from where any data lead.
const WEIGHT_BOUNDS: (f64, f64) = (-12.0, 4.0);
const NOISE_BOUNDS: (f64, f64) = (-12.0, 4.0);
const RATIO_BOUNDS: (f64, f64) = (-3.0, 3.0);
/// First, least and largest step of a parameter.
const STEP: f64 = 0.2;
const LEAST_STEP: f64 = 1e-3;
const LARGEST_STEP: f64 = 1.0;

/// The most probable kernel found within `steps` steps from `start`, given the standardised rewards `y`
/// of `points`.
///
/// Climbs by Rprop (Igel & Hüsken 2000, iRprop⁻): signs of slopes alone decide, so that parameters of
/// very different slopes need no tuning.
pub fn fit(start: &Kernel, points: &Points, y: &[f64], steps: usize) -> Kernel {
    let mut at = parameters(start);
    let mut sizes = vec![STEP; at.len()];
    let mut last = vec![0.0; at.len()];
    let mut best = (f64::NEG_INFINITY, at.clone());
    for _ in 0..steps {
        let (value, mut slope) = evidence(&with_parameters(&at), points, y);
        if value > best.0 {
            best = (value, at.clone());
        }
        for i in 0..at.len() {
            let agreement = slope[i] * last[i];
            if agreement > 0.0 {
                sizes[i] = (sizes[i] * 1.2).min(LARGEST_STEP);
            } else if agreement < 0.0 {
                sizes[i] = (sizes[i] * 0.5).max(LEAST_STEP);
                slope[i] = 0.0;
            }
            let (low, high) = bounds(i);
            if slope[i] != 0.0 {
                at[i] = (at[i] + sizes[i].copysign(slope[i])).clamp(low, high);
            }
        }
        last = slope;
    }
    with_parameters(&best.1)
}

fn bounds(parameter: usize) -> (f64, f64) {
    match parameter {
        0 => WEIGHT_BOUNDS,
        1 => NOISE_BOUNDS,
        _ => RATIO_BOUNDS,
    }
}
