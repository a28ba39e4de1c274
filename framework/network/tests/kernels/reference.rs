//! Every operation as a loop in f64; its gradients by central differences.

use nasfw_network::kernels::{Activation, Conv, MapShape, NORM_EPSILON};

use super::case::{Case, IGNORE, Op};
use super::outcome::{Outcome, upstream};

/// The expected result of `case`.
pub(crate) fn reference(case: &Case) -> Outcome {
    let wide = |v: &Vec<f32>| v.iter().copied().map(f64::from).collect::<Vec<_>>();
    let mut maps: Vec<_> = case.maps.iter().map(|(_, v)| wide(v)).collect();
    let mut flats: Vec<_> = case.flats.iter().map(wide).collect();
    let mut outcome = Outcome::default();
    // Computed once: berHu's c is not differentiated.
    let c = berhu_bound(case);
    let outputs = forward(case, &maps, &flats, c);
    let names = ["output", "mean", "variance"];
    for (name, values) in names.into_iter().zip(&outputs) {
        outcome.push(name, values.iter().copied());
    }

    let weights = wide(&upstream(outputs[0].len()));
    let objective = |maps: &[Vec<f64>], flats: &[Vec<f64>]| {
        let y = &forward(case, maps, flats, c)[0];
        y.iter().zip(&weights).map(|(y, w)| y * w).sum::<f64>()
    };
    let (map_learns, flat_learns) = case.learns();
    let step = 1e-5;
    for i in 0..maps.len() {
        if !case.needs_input_gradient {
            continue;
        }
        let mut gradient = vec![0.0; maps[i].len()];
        for j in 0..if map_learns[i] { gradient.len() } else { 0 } {
            let at = maps[i][j];
            maps[i][j] = at + step;
            let above = objective(&maps, &flats);
            maps[i][j] = at - step;
            gradient[j] = (above - objective(&maps, &flats)) / (2.0 * step);
            maps[i][j] = at;
        }
        outcome.push(format!("gradient of map {i}"), gradient);
    }
    for i in 0..flats.len() {
        let mut gradient = vec![0.0; flats[i].len()];
        for j in 0..if flat_learns[i] { gradient.len() } else { 0 } {
            let at = flats[i][j];
            flats[i][j] = at + step;
            let above = objective(&maps, &flats);
            flats[i][j] = at - step;
            gradient[j] = (above - objective(&maps, &flats)) / (2.0 * step);
            flats[i][j] = at;
        }
        outcome.push(format!("gradient of vector {i}"), gradient);
    }
    outcome
}

/// The output, with mean and variance if there are any.
fn forward(case: &Case, maps: &[Vec<f64>], flats: &[Vec<f64>], c: f64) -> Vec<Vec<f64>> {
    let shape = case.maps[0].0;
    let x = &maps[0];
    match &case.op {
        Op::Conv(spec) => vec![conv(spec, x, &flats[0], flats.get(1))],
        Op::BatchNorm(activation) => batch_norm(x, &flats[0], &flats[1], *activation),
        Op::ConvNorm(spec, activation) => {
            let y = conv(spec, x, &flats[0], None);
            batch_norm(&y, &flats[1], &flats[2], *activation)
        }
        Op::ScaleShift(activation) => {
            let at = |(i, x): (usize, &f64)| {
                let channel = i % shape.channels;
                activate(*activation, x * flats[0][channel] + flats[1][channel])
            };
            vec![x.iter().enumerate().map(at).collect()]
        }
        Op::Activation(activation) => vec![x.iter().map(|&x| activate(*activation, x)).collect()],
        Op::Resize(size) => vec![resize(shape, *size, x)],
        Op::GlobalAverage => vec![global_average(shape, x)],
        Op::Add(which) => {
            let sum = |i: usize| which.iter().map(|&m| maps[m][i]).sum();
            vec![(0..x.len()).map(sum).collect()]
        }
        Op::Concat(which) => {
            let mut y = Vec::new();
            for pixel in 0..shape.pixels() {
                for &m in which {
                    let channels = case.maps[m].0.channels;
                    y.extend(&maps[m][pixel * channels..][..channels]);
                }
            }
            vec![y]
        }
        Op::CrossEntropy(labels) => vec![vec![cross_entropy(shape.channels, x, labels)]],
        Op::Berhu => {
            let loss = |e: f64| {
                if e <= c {
                    e
                } else {
                    (e * e + c * c) / (2.0 * c)
                }
            };
            let valid = (0..x.len()).filter(|&i| case.maps[1].1[i] > 0.0);
            vec![vec![mean(valid.map(|i| loss((x[i] - maps[1][i]).abs())))]]
        }
        Op::SquaredError => {
            let counts = |i: &usize| maps.get(2).is_none_or(|mask| mask[*i] == 1.0);
            let error = |i: usize| (x[i] - maps[1][i]).powi(2);
            vec![vec![mean((0..x.len()).filter(counts).map(error))]]
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), v| (sum + v, count + 1));
    if count == 0 {
        0.0
    } else {
        sum / f64::from(count)
    }
}

fn berhu_bound(case: &Case) -> f64 {
    let Op::Berhu = case.op else { return 0.0 };
    let pairs = case.maps[0].1.iter().zip(&case.maps[1].1);
    let errors = pairs
        .filter(|(_, truth)| **truth > 0.0)
        .map(|(x, truth)| (f64::from(*x) - f64::from(*truth)).abs());
    0.2 * errors.fold(0.0, f64::max)
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Identity => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
    }
}

fn conv(conv: &Conv, x: &[f64], weight: &[f64], bias: Option<&Vec<f64>>) -> Vec<f64> {
    let (input, outputs, groups) = (conv.input, conv.out_channels, conv.groups);
    let inside = |at: usize, size: usize| at.checked_sub(conv.padding()).filter(|&at| at < size);
    let group_inputs = input.channels / groups;
    let mut result = Vec::new();
    for b in 0..input.batch {
        for y in (0..input.height).step_by(conv.stride) {
            for x_at in (0..input.width).step_by(conv.stride) {
                for o in 0..outputs {
                    let first = o / (outputs / groups) * group_inputs;
                    let mut sum = bias.map_or(0.0, |bias| bias[o]);
                    for ky in 0..conv.kernel {
                        for kx in 0..conv.kernel {
                            let row = inside(y + ky * conv.dilation, input.height);
                            let column = inside(x_at + kx * conv.dilation, input.width);
                            let (Some(row), Some(column)) = (row, column) else {
                                continue;
                            };
                            let pixel = (b * input.height + row) * input.width + column;
                            for i in 0..group_inputs {
                                let tap = (ky * conv.kernel + kx) * group_inputs + i;
                                sum += x[pixel * input.channels + first + i]
                                    * weight[tap * outputs + o];
                            }
                        }
                    }
                    result.push(sum);
                }
            }
        }
    }
    result
}

fn batch_norm(x: &[f64], gamma: &[f64], beta: &[f64], activation: Activation) -> Vec<Vec<f64>> {
    let channels = gamma.len();
    let of = |channel: usize| x.iter().skip(channel).step_by(channels).copied();
    let means: Vec<f64> = (0..channels).map(|c| mean(of(c))).collect();
    let variances: Vec<f64> = (0..channels)
        .map(|c| mean(of(c).map(|x| (x - means[c]).powi(2))))
        .collect();
    let at = |(i, x): (usize, &f64)| {
        let c = i % channels;
        let z = (x - means[c]) / (variances[c] + f64::from(NORM_EPSILON)).sqrt();
        activate(activation, z * gamma[c] + beta[c])
    };
    vec![x.iter().enumerate().map(at).collect(), means, variances]
}

fn resize(shape: MapShape, size: (usize, usize), x: &[f64]) -> Vec<f64> {
    let source = |out: usize, input: usize, output: usize| {
        let at = ((out as f64 + 0.5) * input as f64 / output as f64 - 0.5).max(0.0);
        let low = at.floor() as usize;
        (low, (low + 1).min(input - 1), at - low as f64)
    };
    let mut y = Vec::new();
    for b in 0..shape.batch {
        for row in 0..size.0 {
            let (top, bottom, down) = source(row, shape.height, size.0);
            for column in 0..size.1 {
                let (left, right, across) = source(column, shape.width, size.1);
                for c in 0..shape.channels {
                    let v = |row: usize, column: usize| {
                        x[((b * shape.height + row) * shape.width + column) * shape.channels + c]
                    };
                    let upper = v(top, left) * (1.0 - across) + v(top, right) * across;
                    let lower = v(bottom, left) * (1.0 - across) + v(bottom, right) * across;
                    y.push(upper * (1.0 - down) + lower * down);
                }
            }
        }
    }
    y
}

fn global_average(shape: MapShape, x: &[f64]) -> Vec<f64> {
    let pixels = shape.height * shape.width;
    let mut y = Vec::new();
    for image in x.chunks(pixels * shape.channels) {
        for c in 0..shape.channels {
            y.push(mean(image.iter().skip(c).step_by(shape.channels).copied()));
        }
    }
    y
}

fn cross_entropy(classes: usize, logits: &[f64], labels: &[u8]) -> f64 {
    let pixels = logits.chunks(classes).zip(labels);
    let valid = pixels.filter(|(_, label)| **label != IGNORE);
    mean(valid.map(|(logits, label)| {
        let sum: f64 = logits.iter().map(|v| v.exp()).sum();
        sum.ln() - logits[usize::from(*label)]
    }))
}
