//! The clipped objective of PPO and its gradient.

use dfdx::prelude::{
    Axis, Backward, Cpu, MeanTo, OwnedTape, Rank0, SumTo, Tensor, TensorFromVec, WithEmptyTape,
};
use nasfw_sdk::Schema;

use super::Record;
use super::config::PpoConfig;
use super::network::{Matrix, Net, Walk};

/// Added to the logits of masked options: far enough below that their probability is exactly 0 in
/// f32, and finite, because 0·(−∞) in the entropy would be no number.
const MASKED: f32 = -1e9;
/// Log-ratios beyond this are cut; their exponential would overflow long before it could teach.
const LOG_RATIO_LIMIT: f64 = 20.0;

type Recorded = OwnedTape<f32, Cpu>;
type Scalar = Tensor<Rank0, f32, Cpu, Recorded>;

/// The gradient of [`loss`] in the order of the weights.
pub(super) fn gradient(
    net: &Net,
    schema: &Schema,
    batch: &[&Record],
    baseline: f64,
    config: &PpoConfig,
) -> Vec<f32> {
    let mut gradients = loss(net, schema, batch, baseline, config).backward();
    let mut flat = Vec::new();
    for matrix in net.matrices() {
        match gradients.get_or_alloc_mut(matrix) {
            Ok(gradient) => flat.extend_from_slice(gradient),
            // dfdx allocates with the global allocator, which does not return when out of memory.
            Err(e) => unreachable!("allocating a gradient: {e}"),
        }
    }
    flat
}

/// −mean(min(ρ·A, clip(ρ, 1 ± ε)·A)) − e·mean(entropy), with ρ the ratio of the present probability
/// of a proposal to that when it was sampled, A its reward minus the baseline (Schulman et al. 2017,
/// equation 7, over whole sequences), and ε and e the settings `clip` and `entropy`.
pub(super) fn loss(
    net: &Net,
    schema: &Schema,
    batch: &[&Record],
    baseline: f64,
    config: &PpoConfig,
) -> Scalar {
    let rows = batch.len();
    let device = Cpu::default();
    let zeros = || device.tensor_from_vec(vec![0.0; rows], (rows,)).retaped();
    let mut log_prob: Tensor<(usize,), f32, Cpu, Recorded> = zeros();
    let mut entropy = log_prob.with_empty_tape();
    let mut walk: Walk<'_, Recorded> = Walk::with_rows(net, rows);
    for at in 0..schema.len() {
        let (penalty, chosen) = rows_of(net, schema, batch, at);
        let log_p = (walk.decide() + penalty).log_softmax::<Axis<1>>();
        if config.entropy > 0.0 {
            let weighed = log_p.with_empty_tape().exp() * log_p.with_empty_tape();
            entropy = entropy - weighed.sum::<_, Axis<1>>();
        }
        log_prob = log_prob + (log_p * chosen.clone()).sum::<_, Axis<1>>();
        walk.feed(&chosen);
    }
    let column = |value: &dyn Fn(&Record) -> f64| {
        let values = batch
            .iter()
            .map(|&record| value(record) as f32)
            .collect::<Vec<_>>();
        device.tensor_from_vec(values, (rows,))
    };
    let sampled = column(&|record| record.log_prob);
    let advantage = column(&|record| record.reward - baseline);
    let ratio = (log_prob - sampled)
        .clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)
        .exp();
    let clipped = ratio
        .with_empty_tape()
        .clamp(1.0 - config.clip, 1.0 + config.clip);
    let gain = (ratio * advantage.clone()).minimum(clipped * advantage);
    let loss = -gain.mean();
    if config.entropy > 0.0 {
        loss - entropy.mean() * config.entropy as f32
    } else {
        loss
    }
}

/// For decision `at`, row by row: what is added to logits because of masks, and the choices, one-hot.
fn rows_of(net: &Net, schema: &Schema, batch: &[&Record], at: usize) -> (Matrix, Matrix) {
    let (mut penalty, mut chosen) = (Vec::new(), Vec::new());
    for record in batch {
        let allowed = schema.allowed(&record.choices[..at]);
        penalty.extend(allowed.iter().map(|&a| if a { 0.0 } else { MASKED }));
        chosen.extend((0..allowed.len()).map(|o| if o == record.choices[at] { 1.0 } else { 0.0 }));
    }
    (
        net.constant(penalty, batch.len()),
        net.constant(chosen, batch.len()),
    )
}
