//! One operation with its inputs, as data that any kernel set and the reference loops can run.

use nasfw_network::kernels::{Activation, Conv, MapShape};

/// The label that cross-entropy ignores.
pub(crate) const IGNORE: u8 = 255;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Inputs: x; weight and perhaps a bias.
    Conv(Conv),
    /// Inputs: x; gamma, beta.
    BatchNorm(Activation),
    /// Inputs: x; weight, gamma, beta.
    ConvNorm(Conv, Activation),
    /// Inputs: x; scale, shift.
    ScaleShift(Activation),
    Activation(Activation),
    Resize((usize, usize)),
    GlobalAverage,
    /// Indices of the maps to add; one may occur several times.
    Add(Vec<usize>),
    Concat(Vec<usize>),
    /// Inputs: logits.
    CrossEntropy(Vec<u8>),
    /// Inputs: depth, truth.
    Berhu,
    /// Inputs: x, truth and perhaps a mask.
    SquaredError,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) op: Op,
    pub(crate) maps: Vec<(MapShape, Vec<f32>)>,
    pub(crate) flats: Vec<Vec<f32>>,
    /// True if the gradient of a convolution's input is wanted.
    pub(crate) needs_input_gradient: bool,
}

impl Case {
    /// Creates `op` on maps of these shapes and vectors of these lengths, filled with fixed noise.
    pub(crate) fn new(op: Op, maps: &[MapShape], flats: &[usize]) -> Self {
        let map = |(i, shape): (usize, &MapShape)| (*shape, noise(i, shape.len()));
        Self {
            op,
            maps: maps.iter().enumerate().map(map).collect(),
            flats: flats
                .iter()
                .enumerate()
                .map(|(i, &len)| noise(100 + i, len))
                .collect(),
            needs_input_gradient: true,
        }
    }

    pub(crate) fn conv(conv: Conv, bias: bool) -> Self {
        let weight = conv.weight_len();
        let flats = [weight, conv.out_channels];
        let flats = if bias { &flats[..] } else { &flats[..1] };
        Self::new(Op::Conv(conv), &[conv.input], flats)
    }

    pub(crate) fn conv_norm(conv: Conv, activation: Activation) -> Self {
        let flats = [conv.weight_len(), conv.out_channels, conv.out_channels];
        Self::new(Op::ConvNorm(conv, activation), &[conv.input], &flats)
    }

    pub(crate) fn batch_norm(shape: MapShape, activation: Activation) -> Self {
        let flats = [shape.channels; 2];
        let mut case = Self::new(Op::BatchNorm(activation), &[shape], &flats);
        // A mean far from 0 exposes a variance computed as a difference of large numbers.
        case.maps[0].1.iter_mut().for_each(|x| *x += 3.0);
        case
    }

    /// Labels of all classes with some ignored ones among them.
    pub(crate) fn cross_entropy(shape: MapShape) -> Self {
        let label = |v: &f32| match ((v + 1.0) * 0.5 * (shape.channels + 1) as f32) as usize {
            label if label < shape.channels => label as u8,
            _ => IGNORE,
        };
        let labels = noise(7, shape.pixels()).iter().map(label).collect();
        Self::new(Op::CrossEntropy(labels), &[shape], &[])
    }

    /// Depths of a few metres; a third of the labels is missing.
    pub(crate) fn berhu(shape: MapShape) -> Self {
        let mut case = Self::new(Op::Berhu, &[shape, shape], &[]);
        case.maps[0].1.iter_mut().for_each(|x| *x += 2.0);
        for (i, truth) in case.maps[1].1.iter_mut().enumerate() {
            *truth = if i % 3 == 1 { 0.0 } else { *truth + 2.5 };
        }
        case
    }

    pub(crate) fn squared_error(shape: MapShape, masked: bool) -> Self {
        let maps = [shape; 3];
        let maps = if masked { &maps[..] } else { &maps[..2] };
        let mut case = Self::new(Op::SquaredError, maps, &[]);
        if let Some((_, mask)) = case.maps.get_mut(2) {
            mask.iter_mut()
                .for_each(|m| *m = if *m > 0.2 { 1.0 } else { 0.0 });
        }
        case
    }

    /// The maps and vectors that have a gradient.
    pub(crate) fn learns(&self) -> (Vec<bool>, Vec<bool>) {
        let constants = match self.op {
            Op::Berhu | Op::SquaredError => 1,
            _ => self.maps.len(),
        };
        let maps = (0..self.maps.len()).map(|i| i < constants).collect();
        let fixed = matches!(self.op, Op::ScaleShift(_));
        (maps, vec![!fixed; self.flats.len()])
    }
}

/// Reproducible values in −1 … 1, different for each seed.
pub(crate) fn noise(seed: usize, len: usize) -> Vec<f32> {
    let mut state = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        // splitmix64 (Steele et al. 2014)
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}
