//! The CPU kernels on the maps of a decoder: `cargo bench --bench kernels [FILTER]`.
//!
//! One thread, 8 maps of 64 x 64 x 48; throughput is in output values. `benches/peer` compares
//! whole steps with other frameworks.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nasfw_kernels::{
    Activation, Conv, MapShape, NormBackward, add_forward, batch_statistics, conv_backward_input,
    conv_backward_weight, conv_forward, cross_entropy, norm_backward, resize_backward,
    resize_forward, scale_shift,
};

const CHANNELS: usize = 48;
const MAP: MapShape = MapShape {
    batch: 8,
    height: 64,
    width: 64,
    channels: CHANNELS,
};

/// Values between −1 and 1 that never become subnormal.
fn values(length: usize) -> Vec<f32> {
    (0..length)
        .map(|i| ((i * 7919 % 2003) as f32 - 1001.0) / 1001.0)
        .collect()
}

fn convolutions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("conv");
    group.sample_size(20);
    for (name, kernel, dilation, groups) in [
        ("1x1", 1, 1, 1),
        ("3x3", 3, 1, 1),
        ("3x3 dilation 3", 3, 3, 1),
        ("3x3 dilation 12", 3, 12, 1),
        ("depthwise 3x3", 3, 1, CHANNELS),
        ("depthwise 5x5 dilation 6", 5, 6, CHANNELS),
    ] {
        let conv = Conv {
            input: MAP,
            out_channels: CHANNELS,
            kernel,
            stride: 1,
            dilation,
            groups,
        };
        let x = values(MAP.len());
        let weight = values(conv.weight_len());
        let mut y = values(conv.output().len());
        let mut dx = values(MAP.len());
        let mut dweight = vec![0.0; conv.weight_len()];
        let dy = y.clone();
        group.throughput(Throughput::Elements(dy.len() as u64));
        group.bench_function(BenchmarkId::new("forward", name), |b| {
            b.iter(|| conv_forward(&conv, &x, &weight, None, &mut y));
        });
        group.bench_function(BenchmarkId::new("input gradient", name), |b| {
            b.iter(|| conv_backward_input(&conv, &weight, &dy, &mut dx));
        });
        group.bench_function(BenchmarkId::new("weight gradient", name), |b| {
            b.iter(|| conv_backward_weight(&conv, &x, &dy, &mut dweight));
        });
    }
    group.finish();
}

fn norms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("norm");
    let y = values(MAP.len());
    let mut out = y.clone();
    let (mut mean, mut variance) = (vec![0.0; CHANNELS], vec![0.0; CHANNELS]);
    let (gamma, beta) = (vec![1.0; CHANNELS], vec![0.0; CHANNELS]);
    let (mut dgamma, mut dbeta) = (gamma.clone(), beta.clone());
    group.throughput(Throughput::Elements(y.len() as u64));
    group.bench_function("batch statistics", |b| {
        b.iter(|| batch_statistics(&y, CHANNELS, &mut mean, &mut variance));
    });
    group.bench_function("scale, shift, relu", |b| {
        b.iter(|| scale_shift(&y, &gamma, &beta, Activation::Relu, &mut out));
    });
    group.bench_function("backward", |b| {
        let n = NormBackward {
            y: &y,
            mean: &beta,
            inv_std: &gamma,
            gamma: &gamma,
            beta: &beta,
            act: Activation::Relu,
        };
        // In place: from the second call on, it reads its own result; the time is the same.
        b.iter(|| norm_backward(&n, &mut out, &mut dgamma, &mut dbeta));
    });
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("map");
    let (a, b) = (values(MAP.len()), values(MAP.len()));
    let mut sum = a.clone();
    group.throughput(Throughput::Elements(sum.len() as u64));
    group.bench_function("add two", |bench| {
        bench.iter(|| add_forward(&[&a, &b], &mut sum));
    });
    let half = MapShape {
        height: 32,
        width: 32,
        ..MAP
    };
    let x = values(half.len());
    let mut dx = x.clone();
    group.bench_function("resize 32 to 64", |bench| {
        bench.iter(|| resize_forward(half, (64, 64), &x, &mut sum));
    });
    group.bench_function("resize 32 to 64, gradient", |bench| {
        bench.iter(|| resize_backward(half, (64, 64), &a, &mut dx));
    });
    let classes = 21;
    let pixels = MAP.pixels();
    let logits = values(pixels * classes);
    let labels: Vec<u8> = (0..pixels).map(|i| (i % classes) as u8).collect();
    let mut gradient = vec![0.0; logits.len()];
    group.throughput(Throughput::Elements(pixels as u64));
    group.bench_function("cross-entropy of 21 classes", |bench| {
        bench.iter(|| cross_entropy(&logits, classes, &labels, 255, Some((&mut gradient, 1.0))));
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    // One thread, so that times are those of kernels, not of scheduling. It fails only if the pool
    // exists already, and nothing has created one yet.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    if let Err(e) = pool.build_global() {
        eprintln!("not on one thread: {e}");
    }
    convolutions(criterion);
    norms(criterion);
    others(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
