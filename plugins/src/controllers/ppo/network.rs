//! The policy network: a two-layer LSTM on dfdx tensors with run-time sizes.
//!
//! Everything is a matrix, one row per sequence: biases are spread over rows by a product with a
//! column of ones and embeddings are looked up by a product with one-hot rows, so that the tape
//! needs nothing but products, sums and element-wise operations.

use std::sync::OnceLock;

use dfdx::prelude::{
    Cache, Cpu, HasShape, NoneTape, PutTape, SplitTape, Tape, Tensor, TensorFromVec, TryMatMul,
    WithEmptyTape,
};

use super::config::PolicyKind;
use super::layout::{LAYERS, Layout, PER_LAYER};

/// A matrix of run-time size, with or without a tape.
pub(super) type Matrix<T = NoneTape> = Tensor<(usize, usize), f32, Cpu, T>;

/// A network with its weights; a change of weights is a new network.
#[derive(Clone, Debug)]
pub(super) struct Net {
    layout: Layout,
    device: Cpu,
    matrices: Vec<Matrix>,
    /// Start of every walk through a sequence: the warm-up steps are taken once.
    warm: OnceLock<(Cells, Matrix)>,
}

impl Net {
    /// Cuts `weights` into the matrices of `layout`.
    pub(super) fn new(layout: &Layout, weights: &[f32]) -> Self {
        let device = Cpu::default();
        // It would keep the memory of every proposal until the weights change.
        device.disable_cache();
        let mut rest = weights;
        let mut matrices = Vec::with_capacity(layout.shapes.len());
        for &(rows, columns) in &layout.shapes {
            let (these, others) = rest.split_at(rows * columns);
            matrices.push(device.tensor_from_vec(these.to_vec(), (rows, columns)));
            rest = others;
        }
        Self {
            layout: layout.clone(),
            device,
            matrices,
            warm: OnceLock::new(),
        }
    }

    /// The matrices in the order of the weights.
    pub(super) fn matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    /// A constant matrix.
    pub(super) fn constant(&self, values: Vec<f32>, rows: usize) -> Matrix {
        let columns = values.len() / rows.max(1);
        self.device.tensor_from_vec(values, (rows, columns))
    }

    /// The weight, bias and embedding (with an autoregressive policy) of decision `at`.
    fn head(&self, at: usize) -> &[Matrix] {
        let size = if self.layout.policy == PolicyKind::Autoregressive {
            3
        } else {
            2
        };
        let start = 1 + LAYERS * PER_LAYER + self.layout.head_of[at] * size;
        &self.matrices[start..start + size]
    }

    /// One LSTM layer for one step (Hochreiter & Schmidhuber 1997; gates in the order i, f, g, o):
    /// c ← σ(f)·c + σ(i)·tanh(g), h ← σ(o)·tanh(c). Returns h, which carries the tape.
    fn layer<T: Tape<f32, Cpu>>(&self, layer: usize, x: Matrix<T>, cells: &mut Cells) -> Matrix<T> {
        let width = self.layout.hidden;
        let start = 1 + layer * PER_LAYER;
        let [w_in, w_back] = [0, 2].map(|i| self.matrices[start + i].clone());
        let back = cells.h[layer].retaped::<T>().matmul(w_back);
        let gates = x.matmul(w_in) + back + cells.bias[layer].clone();
        // The tape's slice sets the gradient of what it cuts from instead of adding to it, which is
        // right only because the four parts are disjoint and nothing else reads the gates.
        let part = |k: usize| {
            gates
                .with_empty_tape()
                .slice((.., k * width..(k + 1) * width))
        };
        let (i, f, g) = (part(0).sigmoid(), part(1).sigmoid(), part(2).tanh());
        // The last gate takes the tape along.
        let o = gates.slice((.., 3 * width..4 * width)).sigmoid();
        let c = f * cells.c[layer].retaped::<T>() + i * g;
        cells.c[layer] = c.retaped();
        let h = o * c.tanh();
        cells.h[layer] = h.retaped();
        h
    }
}

/// State of the LSTM from step to step; tensors keep their identity, so gradients flow.
#[derive(Clone, Debug)]
struct Cells {
    h: [Matrix; LAYERS],
    c: [Matrix; LAYERS],
    /// The sum of a layer's two biases, in every row.
    bias: [Matrix; LAYERS],
    /// A column of ones, one row per sequence.
    ones: Matrix,
}

/// A walk through the decisions, one row per sequence.
pub(super) struct Walk<'n, T = NoneTape> {
    net: &'n Net,
    cells: Cells,
    input: Matrix<T>,
    at: usize,
}

impl<'n> Walk<'n> {
    /// A walk of one sequence without a tape, after the warm-up steps.
    pub(super) fn new(net: &'n Net) -> Self {
        let warm_up = || {
            let walk = Self::with_rows(net, 1);
            (walk.cells, walk.input)
        };
        let (cells, input) = net.warm.get_or_init(warm_up).clone();
        Self {
            net,
            cells,
            input,
            at: 0,
        }
    }

    /// The logits of the present decision, masks not applied.
    pub(super) fn logits(&mut self) -> Vec<f32> {
        self.decide().as_vec()
    }

    /// Goes on to the next decision having chosen `option`.
    pub(super) fn choose(&mut self, option: usize) {
        let (_, arity) = *self.net.head(self.at)[0].shape();
        let one_hot = (0..arity)
            .map(|o| if o == option { 1.0 } else { 0.0 })
            .collect();
        self.feed(&self.net.constant(one_hot, 1));
    }
}

impl<'n, T: Tape<f32, Cpu>> Walk<'n, T> {
    /// A walk of `rows` sequences, after the warm-up steps.
    pub(super) fn with_rows(net: &'n Net, rows: usize) -> Self {
        // What is used at many steps keeps its tape here instead of taking it along.
        let mut tape = T::default();
        let mut keep = |matrix: Matrix<T>| {
            let (matrix, its) = matrix.split_tape();
            tape = std::mem::take(&mut tape).merge(its);
            matrix
        };
        let zeros = |_| net.constant(vec![0.0; net.layout.hidden], 1);
        let bias = |layer: usize| {
            let [b_in, b_back] = [1, 3].map(|i| &net.matrices[1 + layer * PER_LAYER + i]);
            b_in.retaped::<T>() + b_back.clone()
        };
        let mut cells = Cells {
            h: std::array::from_fn(zeros),
            c: std::array::from_fn(zeros),
            bias: std::array::from_fn(|layer| keep(bias(layer))),
            ones: net.constant(vec![1.0], 1),
        };
        let mut input = net.matrices[0].retaped::<T>();
        // Before the first decision all sequences are alike: one row does for all.
        for _ in 0..net.layout.warmup_steps {
            for layer in 0..LAYERS {
                input = net.layer(layer, input, &mut cells);
            }
        }
        if rows != 1 {
            let ones = net.constant(vec![1.0; rows], rows);
            let mut spread = |row: Matrix| keep(ones.retaped::<T>().matmul(row));
            let Cells { h, c, bias, .. } = cells;
            let [h, c, bias] = [h, c, bias].map(|rows| rows.map(&mut spread));
            input = ones.retaped::<T>().matmul(input);
            cells = Cells { h, c, bias, ones };
        }
        let (input, its) = input.split_tape();
        let input = input.put_tape(its.merge(tape));
        Self {
            net,
            cells,
            input,
            at: 0,
        }
    }

    /// The logits of the present decision, `(rows, arity)`; they take the tape along.
    pub(super) fn decide(&mut self) -> Matrix<T> {
        let mut output = std::mem::replace(&mut self.input, self.cells.ones.retaped());
        for layer in 0..LAYERS {
            output = self.net.layer(layer, output, &mut self.cells);
        }
        // What is fed next unless `feed` says otherwise.
        self.input = output.with_empty_tape();
        let head = self.net.head(self.at);
        let bias = self.cells.ones.retaped::<T>().matmul(head[1].clone());
        output.matmul(head[0].clone()) + bias
    }

    /// Goes on to the next decision; `chosen` has one one-hot row per sequence.
    pub(super) fn feed(&mut self, chosen: &Matrix) {
        if let [_, _, embedding] = self.net.head(self.at) {
            self.input = chosen.retaped::<T>().matmul(embedding.clone());
        }
        self.at += 1;
    }
}
