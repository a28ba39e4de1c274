//! Times the kernels on the maps of a decoder: `cargo run --release -p nasfw-kernels --example
//! timing [filter]`.
//!
//! Prints the best of many runs with one thread and with two, and GFLOP/s where products are what
//! takes the time (taps outside the map counted, so a large dilation shows more than the machine
//! can do).
#![allow(clippy::print_stdout, reason = "its output is what the example is for")]

use std::time::{Duration, Instant};

use nasfw_kernels::{
    Activation, Conv, ConvAlgorithm, MapShape, NormBackward, add_forward, batch_statistics,
    conv_backward_input, conv_backward_weight, conv_forward, cross_entropy, norm_backward,
    resize_backward, resize_forward, scale_shift, set_conv_algorithm,
};

const BATCH: usize = 8;
const SIDE: usize = 32;
const CHANNELS: usize = 48;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    println!(
        "{:36} {:>9} {:>9} {:>9} {:>9}",
        "kernel", "1t ms", "1t GF/s", "2t ms", "2t GF/s"
    );
    let bench = Bench { filter };
    for (name, kernel, dilation, groups) in [
        ("conv 1x1", 1, 1, 1),
        ("conv 3x3", 3, 1, 1),
        ("conv 3x3 dilation 12", 3, 12, 1),
        ("depthwise 3x3", 3, 1, CHANNELS),
        ("depthwise 5x5 dilation 6", 5, 6, CHANNELS),
    ] {
        convolution(
            &bench, name, CHANNELS, CHANNELS, kernel, 1, dilation, groups,
        );
    }
    convolution(&bench, "conv 1x1 320->48", 320, 48, 1, 1, 1, 1);
    convolution(&bench, "conv 3x3 48->21", 48, 21, 3, 1, 1, 1);
    convolution(&bench, "conv 3x3 64->64", 64, 64, 3, 1, 1, 1);
    convolution(&bench, "conv 3x3 stride 2", 48, 48, 3, 2, 1, 1);
    convolution(&bench, "conv 3x3 16->16", 16, 16, 3, 1, 1, 1);
    winograd(&bench);
    norms(&bench);
    resizing(&bench);
    let pixels = BATCH * 64 * 64;
    let logits = values(pixels * 21);
    let labels: Vec<u8> = (0..pixels).map(|i| (i % 21) as u8).collect();
    let mut grad = vec![0.0; logits.len()];
    bench.time("cross-entropy 8x64x64x21 fwd+bwd", 0, || {
        cross_entropy(&logits, 21, &labels, 255, Some((&mut grad, 1.0)));
    });
    let (a, b) = (values(map().len()), values(map().len()));
    let mut y = a.clone();
    bench.time("add two", 0, || add_forward(&[&a, &b], &mut y));
}

#[allow(clippy::too_many_arguments, reason = "a table row")]
fn convolution(
    bench: &Bench,
    name: &str,
    channels: usize,
    out_channels: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    groups: usize,
) {
    let conv = Conv {
        input: MapShape::new(BATCH, SIDE, SIDE, channels),
        out_channels,
        kernel,
        stride,
        dilation,
        groups,
    };
    let flops = 2 * conv.output().pixels() * conv.weight_len();
    let x = values(conv.input.len());
    let weight = values(conv.weight_len());
    let dy = values(conv.output().len());
    let (mut y, mut dx, mut dweight) = (dy.clone(), x.clone(), weight.clone());
    bench.time(&format!("{name} forward"), flops, || {
        conv_forward(&conv, &x, &weight, None, &mut y);
    });
    bench.time(&format!("{name} input grad"), flops, || {
        conv_backward_input(&conv, &weight, &dy, &mut dx);
    });
    bench.time(&format!("{name} weight grad"), flops, || {
        conv_backward_weight(&conv, &x, &dy, &mut dweight);
    });
}

/// The direct kernels against Winograd's with one thread, in turns, and which of them the shape
/// chooses.
fn winograd(bench: &Bench) {
    // Batch, side, channels, output channels, dilation.
    for (batch, side, channels, out_channels, dilation) in [
        (8, 64, 48, 48, 1),
        (8, 64, 48, 48, 3),
        (8, 64, 48, 48, 6),
        (8, 64, 48, 48, 12),
        (8, 32, 48, 48, 1),
        (8, 32, 48, 48, 3),
        (8, 32, 48, 48, 6),
        (8, 32, 48, 48, 12),
        (8, 16, 48, 48, 1),
        (8, 16, 48, 48, 3),
        (8, 16, 48, 48, 6),
        (8, 8, 48, 48, 1),
        (8, 8, 48, 48, 3),
        (1, 8, 48, 48, 1),
        (8, 4, 48, 48, 1),
        (8, 64, 48, 21, 1),
        (8, 64, 64, 64, 1),
        (1, 128, 64, 64, 1),
        (1, 64, 48, 48, 1),
        (8, 64, 16, 16, 1),
        (8, 64, 3, 24, 1),
        (8, 64, 8, 8, 1),
        (8, 64, 48, 1, 1),
        (8, 64, 24, 48, 1),
        (8, 32, 144, 48, 1),
        (8, 32, 48, 144, 1),
        (8, 16, 320, 48, 1),
        (8, 8, 320, 48, 1),
    ] {
        let conv = Conv {
            input: MapShape::new(batch, side, side, channels),
            out_channels,
            kernel: 3,
            stride: 1,
            dilation,
            groups: 1,
        };
        let x = values(conv.input.len());
        let weight = values(conv.weight_len());
        let dy = values(conv.output().len());
        let (mut y, mut dx, mut dweight) = (dy.clone(), x.clone(), weight.clone());
        let name =
            format!("winograd {channels}->{out_channels} {batch}x{side}x{side} dil {dilation}");
        bench.compare(&name, "forward", || {
            conv_forward(&conv, &x, &weight, None, &mut y)
        });
        bench.compare(&name, "input", || {
            conv_backward_input(&conv, &weight, &dy, &mut dx)
        });
        bench.compare(&name, "weight", || {
            conv_backward_weight(&conv, &x, &dy, &mut dweight)
        });
    }
}

fn norms(bench: &Bench) {
    let y = values(map().len());
    let (mut mean, mut var) = (vec![0.0; CHANNELS], vec![0.0; CHANNELS]);
    let gamma = vec![1.0; CHANNELS];
    let (mut dgamma, mut dbeta) = (gamma.clone(), gamma.clone());
    let mut out = y.clone();
    bench.time("batch statistics", 0, || {
        batch_statistics(&y, CHANNELS, &mut mean, &mut var)
    });
    bench.time("scale, shift, relu", 0, || {
        scale_shift(&y, &gamma, &gamma, Activation::Relu, &mut out);
    });
    bench.time("norm backward", 0, || {
        let n = NormBackward {
            y: &y,
            mean: &gamma,
            inv_std: &gamma,
            gamma: &gamma,
            beta: &gamma,
            act: Activation::Relu,
        };
        // In place: the values grow from run to run, the time does not.
        norm_backward(&n, &mut out, &mut dgamma, &mut dbeta);
    });
}

fn resizing(bench: &Bench) {
    let x = values(map().len());
    let (mut dx, mut y) = (x.clone(), vec![0.0; 4 * x.len()]);
    bench.time("bilinear x2", 0, || {
        resize_forward(map(), (2 * SIDE, 2 * SIDE), &x, &mut y)
    });
    let dy = values(4 * x.len());
    bench.time("bilinear x2 backward", 0, || {
        resize_backward(map(), (2 * SIDE, 2 * SIDE), &dy, &mut dx);
    });
}

fn map() -> MapShape {
    MapShape::new(BATCH, SIDE, SIDE, CHANNELS)
}

/// Numbers without a pattern that a multiplication would notice.
fn values(len: usize) -> Vec<f32> {
    (0..len)
        .map(|i| (i * 7919 % 1013) as f32 / 1013.0 - 0.5)
        .collect()
}

struct Bench {
    filter: String,
}

impl Bench {
    fn time(&self, name: &str, flops: usize, mut work: impl FnMut() + Send) {
        if !name.contains(&self.filter) {
            return;
        }
        let mut line = format!("{name:36}");
        for threads in [1, 2] {
            let best = match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
                Ok(pool) => pool.install(|| best_of(&mut work, Duration::from_millis(330))),
                Err(error) => {
                    println!("no pool of {threads} threads: {error}");
                    return;
                }
            };
            let rate = flops as f64 / best.as_secs_f64() / 1e9;
            line += &format!(" {:9.3} {rate:9.1}", best.as_secs_f64() * 1e3);
        }
        println!("{line}");
    }

    fn compare(&self, name: &str, pass: &str, mut work: impl FnMut() + Send) {
        if !name.contains(&self.filter) {
            return;
        }
        let mut best = [Duration::MAX; 3];
        if let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() {
            pool.install(|| {
                for _ in 0..3 {
                    for (best, algorithm) in best.iter_mut().zip([
                        ConvAlgorithm::Direct,
                        ConvAlgorithm::Winograd,
                        ConvAlgorithm::ByShape,
                    ]) {
                        set_conv_algorithm(algorithm);
                        *best = (*best).min(best_of(&mut work, Duration::from_millis(60)));
                    }
                }
            });
        }
        let [direct, winograd, chosen] = best.map(|best| best.as_secs_f64() * 1e3);
        println!(
            "{name:36} {pass:8} direct {direct:8.3} ms, winograd {winograd:8.3} ms, ratio {:5.2}, by shape {chosen:8.3} ms",
            direct / winograd
        );
    }
}

/// The shortest run within some time, so that what else runs on the machine weighs little. A run
/// longer than the scheduler's slice is interrupted every time on a busy machine; with one thread
/// its mean processor time then says more.
fn best_of(work: &mut impl FnMut(), time: Duration) -> Duration {
    let start = Instant::now();
    let (mut best, mut runs) = (Duration::MAX, 0);
    let processor = processor_time();
    while start.elapsed() < time {
        let run = Instant::now();
        work();
        best = best.min(run.elapsed());
        runs += 1;
    }
    match (processor, processor_time()) {
        (Some(from), Some(to)) if rayon::current_num_threads() == 1 => best.min((to - from) / runs),
        _ => best,
    }
}

/// The time that this thread has been running, where Linux tells.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = stat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}
