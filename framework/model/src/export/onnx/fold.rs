//! Normalisations as scale and shift, weights in ONNX's layout.

use nasfw_sdk::graph::Conv;

use crate::error::Result;
use nasfw_network::Weights;
use nasfw_network::kernels::NORM_EPSILON;

/// `y = scale · x + shift` per channel.
pub(super) struct ScaleShift {
    pub(super) scale: Vec<f64>,
    pub(super) shift: Vec<f64>,
}

/// The normalisation called `name` with its running statistics.
pub(super) fn normalisation(weights: &Weights, name: &str) -> Result<ScaleShift> {
    let of = |part: &str| values(weights, &format!("{name}.{part}"));
    let (gamma, beta) = (of("weight")?, of("bias")?);
    let (mean, variance) = (of("running_mean")?, of("running_var")?);
    let scale: Vec<f64> = (gamma.iter().zip(variance))
        .map(|(&g, &v)| f64::from(g) / (f64::from(v) + f64::from(NORM_EPSILON)).sqrt())
        .collect();
    let shift = (beta.iter().zip(mean).zip(&scale))
        .map(|((&b, &m), s)| f64::from(b) - f64::from(m) * s)
        .collect();
    Ok(ScaleShift { scale, shift })
}

/// Weights `(out, in / groups, kernel, kernel)` and bias, if any, of the convolution called `name`,
/// followed by `norm`.
pub(super) fn convolution(
    weights: &Weights,
    name: &str,
    conv: &Conv,
    norm: Option<&ScaleShift>,
) -> Result<(Vec<f32>, Option<Vec<f32>>)> {
    let ours = values(weights, &format!("{name}.weight"))?;
    let (taps, out) = (conv.kernel * conv.kernel, conv.out_channels);
    let ins = ours.len() / (taps * out);
    let mut theirs = Vec::with_capacity(ours.len());
    for o in 0..out {
        let scale = norm.map_or(1.0, |n| n.scale[o]);
        for i in 0..ins {
            for tap in 0..taps {
                let value = ours[(tap * ins + i) * out + o];
                theirs.push((f64::from(value) * scale) as f32);
            }
        }
    }
    let own = if conv.bias {
        Some(values(weights, &format!("{name}.bias"))?)
    } else {
        None
    };
    let bias = match (own, norm) {
        (own, Some(norm)) => Some(
            (0..out)
                .map(|o| {
                    let own = own.map_or(0.0, |b| f64::from(b[o]));
                    (own * norm.scale[o] + norm.shift[o]) as f32
                })
                .collect(),
        ),
        (own, None) => own.map(<[f32]>::to_vec),
    };
    Ok((theirs, bias))
}

fn values<'a>(weights: &'a Weights, name: &str) -> Result<&'a [f32]> {
    let array = weights.get(name);
    array
        .map(|a| a.values.as_slice())
        .ok_or_else(|| nasfw_network::Error::Weights(format!("{name} is missing")).into())
}
