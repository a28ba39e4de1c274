//! The operators in use, implemented from their definitions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use super::super::proto::{Extent, Graph, Node, Tensor, ValueInfo, element};

/// A tensor; whole numbers are held as floats, which are exact for sizes.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) dims: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// The outputs of `graph` for its one input.
pub(super) fn run(graph: &Graph, input: Value) -> Vec<Value> {
    let mut all: BTreeMap<&str, Value> = BTreeMap::new();
    all.insert(&graph.inputs[0].name, input);
    for tensor in &graph.initializers {
        assert!(all.insert(&tensor.name, constant(tensor)).is_none());
    }
    for node in &graph.nodes {
        let inputs: Vec<Option<&Value>> = (node.inputs.iter())
            .map(|name| (!name.is_empty()).then(|| &all[name.as_str()]))
            .collect();
        let value = apply(node, &inputs);
        let is_new = all.insert(&node.outputs[0], value).is_none();
        assert!(is_new, "{} appears twice", node.outputs[0]);
    }
    let outputs = graph.outputs.iter();
    outputs.map(|o| all[o.name.as_str()].clone()).collect()
}

/// The declared dimensions of an input or output.
pub(super) fn extents(info: &ValueInfo) -> Vec<String> {
    let shape = info.r#type.as_ref().unwrap().tensor.as_ref().unwrap();
    let dims = &shape.shape.as_ref().unwrap().dims;
    (dims.iter())
        .map(|d| match d.extent.as_ref().unwrap() {
            Extent::Fixed(n) => n.to_string(),
            Extent::Named(name) => name.clone(),
        })
        .collect()
}

fn constant(tensor: &Tensor) -> Value {
    assert_eq!(tensor.element, element::FLOAT);
    let (quads, rest) = tensor.raw.as_chunks::<4>();
    assert!(rest.is_empty());
    let dims: Vec<usize> = tensor.dims.iter().map(|&d| d as usize).collect();
    Value::floats(dims, quads.iter().map(|q| f32::from_le_bytes(*q)).collect())
}

fn apply(node: &Node, inputs: &[Option<&Value>]) -> Value {
    let x = inputs[0].unwrap();
    let find = |name: &str| node.attributes.iter().find(|a| a.name == name).unwrap();
    let ints = |name: &str| -> Vec<usize> { find(name).ints.iter().map(|&v| v as usize).collect() };
    match node.op_type.as_str() {
        "Cast" | "Identity" => x.clone(),
        "Transpose" => x.transposed(&ints("perm")),
        "Relu" => x.map(|v| v.max(0.0)),
        "Clip" => {
            let (low, high) = (inputs[1].unwrap().values[0], inputs[2].unwrap().values[0]);
            x.map(|v| v.clamp(low, high))
        }
        "Mul" => x.with(inputs[1].unwrap(), |a, b| a * b),
        "Add" => x.with(inputs[1].unwrap(), |a, b| a + b),
        "Shape" => {
            let has = node.attributes.iter().any(|a| a.name == "start");
            let (start, end) = if has {
                (find("start").int as usize, find("end").int as usize)
            } else {
                (0, x.dims.len())
            };
            let part = x.dims[start..end].iter().map(|&d| d as f32).collect();
            Value::floats(vec![end - start], part)
        }
        "ConstantOfShape" => {
            let fill = constant(find("value").tensor.as_ref().unwrap()).values[0];
            let dims: Vec<usize> = x.values.iter().map(|&d| d as usize).collect();
            let length = dims.iter().product();
            Value::floats(dims, vec![fill; length])
        }
        "Concat" => concat(find("axis").int as usize, inputs),
        "GlobalAveragePool" => {
            let [n, c, h, w] = x.map_dims();
            let means = x
                .values
                .chunks(h * w)
                .map(|p| p.iter().sum::<f32>() / (h * w) as f32);
            Value::floats(vec![n, c, 1, 1], means.collect())
        }
        "Resize" => {
            assert_eq!(find("mode").text, b"linear");
            assert_eq!(find("coordinate_transformation_mode").text, b"half_pixel");
            assert!(inputs[1].is_none() && inputs[2].is_none());
            resize(x, &inputs[3].unwrap().values)
        }
        "Conv" => {
            let bias = inputs.get(2).map(|b| b.unwrap());
            let pads = ints("pads");
            assert!(pads.iter().all(|&p| p == pads[0]));
            let group = find("group").int as usize;
            let how = (ints("strides")[0], ints("dilations")[0], pads[0], group);
            conv(x, inputs[1].unwrap(), bias, how)
        }
        other => panic!("operator {other}"),
    }
}

fn concat(axis: usize, inputs: &[Option<&Value>]) -> Value {
    let parts: Vec<&Value> = inputs.iter().map(|i| i.unwrap()).collect();
    let mut dims = parts[0].dims.clone();
    dims[axis] = parts.iter().map(|p| p.dims[axis]).sum();
    let outer: usize = dims[..axis].iter().product();
    let mut values = Vec::new();
    for at in 0..outer {
        for part in &parts {
            let length = part.values.len() / outer;
            values.extend_from_slice(&part.values[at * length..(at + 1) * length]);
        }
    }
    Value::floats(dims, values)
}

fn resize(x: &Value, sizes: &[f32]) -> Value {
    let [n, c, h, w] = x.map_dims();
    let out: Vec<usize> = sizes.iter().map(|&s| s as usize).collect();
    assert_eq!(out[..2], [n, c]);
    // Two taps and the weight of the second; positions beyond the border are clamped to it.
    let taps = |at: usize, from: usize, to: usize| {
        let centre = (at as f32 + 0.5) * from as f32 / to as f32 - 0.5;
        let centre = centre.clamp(0.0, (from - 1) as f32);
        let low = centre as usize;
        (low, (low + 1).min(from - 1), centre - low as f32)
    };
    let mut values = Vec::new();
    for plane in x.values.chunks(h * w) {
        for y in 0..out[2] {
            let (top, low, down) = taps(y, h, out[2]);
            for col in 0..out[3] {
                let (left, right, across) = taps(col, w, out[3]);
                let row =
                    |y: usize| plane[y * w + left] * (1.0 - across) + plane[y * w + right] * across;
                values.push(row(top) * (1.0 - down) + row(low) * down);
            }
        }
    }
    Value::floats(out, values)
}

fn conv(
    x: &Value,
    weight: &Value,
    bias: Option<&Value>,
    how: (usize, usize, usize, usize),
) -> Value {
    let (stride, dilation, pad, group) = how;
    let [n, c, h, w] = x.map_dims();
    let [out, ins, k, _] = weight.map_dims();
    assert_eq!(ins * group, c);
    let side = |s: usize| (s + 2 * pad - dilation * (k - 1) - 1) / stride + 1;
    let (oh, ow) = (side(h), side(w));
    let mut values = Vec::new();
    for (b, o, y, z) in indices(n, out, oh, ow) {
        let mut sum = bias.map_or(0.0, |b| f64::from(b.values[o]));
        for i in 0..ins {
            let channel = o / (out / group) * ins + i;
            for (ky, kx) in (0..k * k).map(|t| (t / k, t % k)) {
                let (py, px) = (y * stride + ky * dilation, z * stride + kx * dilation);
                let (Some(py), Some(px)) = (py.checked_sub(pad), px.checked_sub(pad)) else {
                    continue;
                };
                if py < h && px < w {
                    let value = x.values[((b * c + channel) * h + py) * w + px];
                    let tap = weight.values[((o * ins + i) * k + ky) * k + kx];
                    sum += f64::from(value) * f64::from(tap);
                }
            }
        }
        values.push(sum as f32);
    }
    Value::floats(vec![n, out, oh, ow], values)
}

/// All indices of four dimensions, the last one fastest.
fn indices(
    a: usize,
    b: usize,
    c: usize,
    d: usize,
) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..a * b * c * d).map(move |i| (i / (b * c * d), i / (c * d) % b, i / d % c, i % d))
}

impl Value {
    pub(super) fn floats(dims: Vec<usize>, values: Vec<f32>) -> Self {
        assert_eq!(dims.iter().product::<usize>(), values.len());
        Self { dims, values }
    }

    pub(super) fn transposed(&self, perm: &[usize]) -> Self {
        let dims: Vec<usize> = perm.iter().map(|&p| self.dims[p]).collect();
        let stride = |axis: usize| self.dims[axis + 1..].iter().product::<usize>();
        let strides: Vec<usize> = perm.iter().map(|&p| stride(p)).collect();
        let values = indices(dims[0], dims[1], dims[2], dims[3]).map(|(a, b, c, d)| {
            self.values[a * strides[0] + b * strides[1] + c * strides[2] + d * strides[3]]
        });
        Self::floats(dims, values.collect())
    }

    fn map_dims(&self) -> [usize; 4] {
        self.dims.clone().try_into().unwrap()
    }

    fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        Self::floats(
            self.dims.clone(),
            self.values.iter().map(|&v| f(v)).collect(),
        )
    }

    /// Applies `f` to two tensors of equal shape, or with one value per channel in the second.
    fn with(&self, other: &Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let pairs = self.values.iter().enumerate();
        let inner: usize = self.dims[2..].iter().product();
        let is_per_channel = other.dims == [1, self.dims[1], 1, 1] && other.dims != self.dims;
        assert!(is_per_channel || other.dims == self.dims);
        let values = pairs.map(|(i, &v)| {
            let at = if is_per_channel {
                i / inner % self.dims[1]
            } else {
                i
            };
            f(v, other.values[at])
        });
        Self::floats(self.dims.clone(), values.collect())
    }
}
