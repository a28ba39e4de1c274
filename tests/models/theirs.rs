//! torchvision's MobileNet-v2 in evaluation mode, as loops over arrays in PyTorch's layout and
//! names.

use std::collections::BTreeMap;

use nasfw_data::Image;
use nasfw_network::Array;

/// `(channels, height, width)` values.
#[derive(Clone)]
pub(crate) struct Map {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) values: Vec<f64>,
}

/// The network as loops over PyTorch's arrays.
pub(crate) struct Theirs(pub(crate) BTreeMap<String, Array>);

impl Theirs {
    /// `torch.nn.Conv2d` with padding `(kernel - 1) / 2`, then `BatchNorm2d` in evaluation.
    fn conv_bn(&self, x: &Map, conv: &str, norm: &str, stride: usize, clip: bool) -> Map {
        let array = &self.0[&format!("{conv}.weight")];
        let [to, per_group, kernel, _] = array.shape[..] else {
            panic!("{conv}: {:?}", array.shape);
        };
        let groups = x.channels / per_group;
        let pad = (kernel - 1) / 2;
        let size = |n: usize| (n + 2 * pad - kernel) / stride + 1;
        let (height, width) = (size(x.height), size(x.width));
        let of = |array: &str, c: usize| f64::from(self.0[&format!("{norm}.{array}")].values[c]);
        let mut values = Vec::new();
        for o in 0..to {
            let first = o / (to / groups) * per_group;
            let scale = of("weight", o) / (of("running_var", o) + 1e-5).sqrt();
            let shift = of("bias", o) - of("running_mean", o) * scale;
            for (row, column) in (0..height).flat_map(|r| (0..width).map(move |c| (r, c))) {
                let mut sum = 0.0;
                for (i, dy) in (0..per_group).flat_map(|i| (0..kernel).map(move |dy| (i, dy))) {
                    let y = (row * stride + dy).wrapping_sub(pad);
                    for dx in 0..kernel {
                        let at = (column * stride + dx).wrapping_sub(pad);
                        if y < x.height && at < x.width {
                            let w = array.values[((o * per_group + i) * kernel + dy) * kernel + dx];
                            let place = ((first + i) * x.height + y) * x.width + at;
                            sum += f64::from(w) * x.values[place];
                        }
                    }
                }
                let value = sum * scale + shift;
                values.push(if clip { value.clamp(0.0, 6.0) } else { value });
            }
        }
        Map {
            channels: to,
            height,
            width,
            values,
        }
    }

    /// `features[0..18]`, and the maps after numbers 3, 6, 13 and 17.
    pub(crate) fn features(&self, image: Map) -> Vec<Map> {
        // Strides of torchvision's table: the first block of each of its stages.
        let strides = |block: usize| {
            if matches!(block, 2 | 4 | 7 | 14) {
                2
            } else {
                1
            }
        };
        let mut x = self.conv_bn(&image, "features.0.0", "features.0.1", 2, true);
        let mut maps = Vec::new();
        for block in 1..=17 {
            let at = |part: &str| format!("features.{block}.conv.{part}");
            let (stride, mut y) = (strides(block), x.clone());
            let rest = if block == 1 {
                ["0.0", "0.1", "1", "2"]
            } else {
                y = self.conv_bn(&y, &at("0.0"), &at("0.1"), 1, true);
                ["1.0", "1.1", "2", "3"]
            };
            y = self.conv_bn(&y, &at(rest[0]), &at(rest[1]), stride, true);
            y = self.conv_bn(&y, &at(rest[2]), &at(rest[3]), 1, false);
            if stride == 1 && y.channels == x.channels {
                y.values
                    .iter_mut()
                    .zip(&x.values)
                    .for_each(|(a, b)| *a += b);
            }
            x = y;
            if matches!(block, 3 | 6 | 13 | 17) {
                maps.push(x.clone());
            }
        }
        maps
    }
}

/// An image normalised for torchvision's weights.
pub(crate) fn normalised(image: &Image) -> Map {
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let pixels = image.size.area();
    let value =
        |c: usize, p: usize| (f64::from(image.pixels[p * 3 + c]) / 255.0 - mean[c]) / std[c];
    Map {
        channels: 3,
        height: image.size.height,
        width: image.size.width,
        values: (0..3)
            .flat_map(|c| (0..pixels).map(move |p| (c, p)))
            .map(|(c, p)| value(c, p))
            .collect(),
    }
}
