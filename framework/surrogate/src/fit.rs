//! Learning a kernel from rewards.

use crate::evidence::evidence;
use crate::kernel::Kernel;
use crate::layout::Layout;
use crate::points::Points;

/// Bounds of ln weight and ln noise, and of all other parameters, far from where any data lead.
const WIDE: (f64, f64) = (-12.0, 4.0);
const NARROW: (f64, f64) = (-3.0, 3.0);
/// First, least and largest step of a parameter.
const STEP: f64 = 0.2;
const LEAST_STEP: f64 = 1e-3;
const LARGEST_STEP: f64 = 1.0;

/// The most probable kernel found within `steps` steps from `start`, given the standardised rewards `y`
/// of `points`.
///
/// Climbs by Rprop (Igel & Hüsken 2000, iRprop⁻): signs of slopes alone decide, so that parameters of
/// very different slopes need no tuning.
pub fn fit(layout: &Layout, start: &Kernel, points: &Points, y: &[f64], steps: usize) -> Kernel {
    let kernel = |all: &[f64]| Kernel::with_parameters(all, layout.width());
    let mut at = start.parameters();
    let mut sizes = vec![STEP; at.len()];
    let mut last = vec![0.0; at.len()];
    let mut best = (f64::NEG_INFINITY, at.clone());
    for _ in 0..steps {
        let (value, mut slope) = evidence(layout, &kernel(&at), points, y);
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
            let (low, high) = if i < 2 { WIDE } else { NARROW };
            if slope[i] != 0.0 {
                at[i] = (at[i] + sizes[i].copysign(slope[i])).clamp(low, high);
            }
        }
        last = slope;
    }
    kernel(&best.1)
}
