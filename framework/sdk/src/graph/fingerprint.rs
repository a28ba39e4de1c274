//! The fingerprint of a network: a hash that names, numbers and the order of summands do not change.

use super::refine::{Colour, Coloured};
use super::values::{Grid, Made, Value, Values};
use super::{ActivationKind, Graph, Group, Role};

/// Version of [`Graph::fingerprint`]: it rises when a network gets another one than before.
pub const FINGERPRINT_VERSION: u32 = 1;

impl Graph {
    /// Returns the fingerprint of the network, `VERSION-` and a BLAKE3 in hexadecimal, the same on
    /// every machine.
    ///
    /// Two graphs have equal fingerprints when one becomes the other by other names and another
    /// order of nodes, another order of summands, and by what changes no output: nodes that no
    /// output depends on, identities, concatenations of one map, resizes to the size that a map
    /// has, summands that are zero whatever the parameters, sums of sums, and computing twice what
    /// has no parameters. So the networks are one up to the names of parameters: with parameters
    /// renamed they have the same outputs and gradients, but for the rounding of sums.
    ///
    /// Kept apart are one convolution read twice and two convolutions alike, which have weights of
    /// their own; the [groups](Group) of parameters; the order of a concatenation; the order of
    /// inputs, and the names and roles of outputs. Unlike [`hash`](Self::hash), it says nothing of
    /// initial weights, whose streams depend on names, nor of the parameters of unread nodes.
    ///
    /// Colours of values are refined along operands and readers until no two are alike, so equal
    /// fingerprints mean equal networks, up to a collision of hashes; only of a network with
    /// thousands of equal parts the last are left alike. Conversely, a network has one
    /// fingerprint unless it has values that can be told apart neither by their neighbours nor by
    /// what follows once one of them is known, and that nevertheless are not exchangeable; then
    /// the order of nodes shows.
    pub fn fingerprint(&self) -> String {
        let values = Values::of(self);
        let outputs = self.outputs.iter().zip(&values.outputs);
        let outputs = outputs.map(|(output, &value)| {
            let mut bytes = Bytes::new(role(output.role));
            bytes.0.extend(output.name.as_bytes());
            (value, bytes.colour())
        });
        let colours = Coloured::new(&values.list, own, outputs).colours();
        let mut whole = Bytes::new(FINGERPRINT_VERSION.into());
        whole.0.extend(colours.as_flattened());
        let hash = blake3::Hash::from_bytes(whole.colour()).to_hex();
        format!("{FINGERPRINT_VERSION}-{hash}")
    }
}

/// The colour of a value by itself. The numbers here are part of the version.
fn own(value: &Value) -> Colour {
    let mut bytes;
    match value.made {
        Made::Input { position, channels } => {
            bytes = Bytes::new(0);
            bytes.numbers([position, channels]);
        }
        Made::Zero { channels, grid } => {
            bytes = Bytes::new(1);
            bytes.numbers([channels]);
            bytes.grid(grid);
        }
        Made::Conv { conv, group, .. } => {
            bytes = Bytes::new(2);
            bytes.number(part(group));
            bytes.numbers([conv.out_channels, conv.kernel, conv.stride]);
            bytes.numbers([conv.dilation, conv.groups, conv.bias.into()]);
        }
        Made::BatchNorm { group, .. } => {
            bytes = Bytes::new(3);
            bytes.number(part(group));
        }
        Made::Activation(function) => {
            bytes = Bytes::new(4);
            bytes.number(match function {
                ActivationKind::Relu => 0,
                ActivationKind::Relu6 => 1,
            });
        }
        Made::GlobalAveragePool => bytes = Bytes::new(5),
        Made::Resize(grid) => {
            bytes = Bytes::new(6);
            bytes.grid(grid);
        }
        Made::Sum => bytes = Bytes::new(7),
        Made::Concat => bytes = Bytes::new(8),
    }
    bytes.colour()
}

fn part(group: Group) -> u64 {
    match group {
        Group::Encoder => 0,
        Group::Decoder => 1,
        Group::Auxiliary => 2,
    }
}

fn role(role: Role) -> u64 {
    match role {
        Role::Main => 0,
        Role::Auxiliary => 1,
    }
}

/// Bytes to hash, numbers as little-endian words of 64 bits.
struct Bytes(Vec<u8>);

impl Bytes {
    fn new(first: u64) -> Self {
        Self(first.to_le_bytes().to_vec())
    }

    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn numbers<const N: usize>(&mut self, numbers: [usize; N]) {
        for number in numbers {
            self.number(number as u64);
        }
    }

    fn grid(&mut self, grid: Grid) {
        // A stride is at least 1, so a single pixel has none.
        let (position, stride) = grid.unwrap_or((0, 0));
        self.numbers([position, stride]);
    }

    fn colour(&self) -> Colour {
        *blake3::hash(&self.0).as_bytes()
    }
}
