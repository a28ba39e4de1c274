//! Fingerprints of networks: pairs that are one network, and pairs that are not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw_sdk::graph::{ActivationKind, Conv, Group, NodeId, Op, Role};
use nasfw_sdk::{Graph, GraphBuilder};
use proptest::prelude::*;

const RELU: Op = Op::Activation {
    function: ActivationKind::Relu,
};

/// A network of one image of 4 channels, whose nodes are called after their numbers.
struct Net(GraphBuilder, usize);

impl Net {
    fn op(&mut self, op: Op, inputs: &[NodeId]) -> NodeId {
        self.1 += 1;
        self.0.add(format!("node{}", self.1), op, inputs)
    }

    fn conv(&mut self, x: NodeId) -> NodeId {
        self.op(Op::Conv(Conv::new(3, 4)), &[x])
    }

    fn add(&mut self, inputs: &[NodeId]) -> NodeId {
        self.op(Op::Add, inputs)
    }
}

/// The network that `build` adds on its input; what it returns is the output.
fn network(build: impl Fn(&mut Net, NodeId) -> NodeId) -> Graph {
    let mut net = Net(GraphBuilder::new(), 0);
    let image = net.0.input("image", 4);
    let main = build(&mut net, image);
    net.0.output("main", Role::Main, main);
    net.0.finish().unwrap()
}

fn fingerprint(build: impl Fn(&mut Net, NodeId) -> NodeId) -> String {
    network(build).fingerprint()
}

/// Convolutions of kernels 3, 1 and 5.
fn three(net: &mut Net, x: NodeId) -> [NodeId; 3] {
    [3, 1, 5].map(|kernel| net.op(Op::Conv(Conv::new(kernel, 4)), &[x]))
}

#[test]
fn what_changes_no_output_changes_no_fingerprint() {
    let plain = fingerprint(|n, x| {
        let [a, b, c] = three(n, x);
        let y = n.add(&[a, b, c]);
        n.op(RELU, &[y])
    });
    type Build = fn(&mut Net, NodeId) -> NodeId;
    let same: [(&str, Build); 11] = [
        ("another order of nodes and summands", |n, x| {
            let c = n.op(Op::Conv(Conv::new(5, 4)), &[x]);
            let b = n.op(Op::Conv(Conv::new(1, 4)), &[x]);
            let a = n.conv(x);
            let y = n.add(&[c, a, b]);
            n.op(RELU, &[y])
        }),
        ("other names", |n, x| {
            n.1 = 700;
            let [a, b, c] = three(n, x);
            let y = n.add(&[a, b, c]);
            n.op(RELU, &[y])
        }),
        ("a node that nothing reads", |n, x| {
            let [a, b, c] = three(n, x);
            let unread = n.add(&[a, c]);
            n.conv(unread);
            let y = n.add(&[a, b, c]);
            n.op(RELU, &[y])
        }),
        ("identities", |n, x| {
            let [a, b, c] = three(n, x);
            let a = n.op(Op::Identity, &[a]);
            let y = n.add(&[a, b, c]);
            let y = n.op(Op::Identity, &[y]);
            n.op(RELU, &[y])
        }),
        ("a sum and a concatenation of one", |n, x| {
            let x = n.add(&[x]);
            let [a, b, c] = three(n, x);
            let y = n.add(&[a, b, c]);
            let y = n.op(Op::Concat, &[y]);
            n.op(RELU, &[y])
        }),
        ("a resize to the present size", |n, x| {
            let [a, b, c] = three(n, x);
            let a = n.op(Op::ResizeTo, &[a, c]);
            let y = n.add(&[a, b, c]);
            n.op(RELU, &[y])
        }),
        ("a zero summand", |n, x| {
            let [a, b, c] = three(n, x);
            let zero = n.op(Op::Zero, &[x]);
            let y = n.add(&[a, zero, b, c]);
            n.op(RELU, &[y])
        }),
        ("a summand that is zero whatever the weights", |n, x| {
            let [a, b, c] = three(n, x);
            let zero = n.op(Op::Zero, &[a]);
            let zero = n.conv(zero);
            let zero = n.op(RELU, &[zero]);
            let pixel = n.op(Op::GlobalAveragePool, &[zero]);
            let zero = n.op(Op::ResizeTo, &[pixel, zero]);
            let y = n.add(&[a, b, c, zero]);
            n.op(RELU, &[y])
        }),
        ("a sum of sums", |n, x| {
            let [a, b, c] = three(n, x);
            let ab = n.add(&[c, b]);
            let y = n.add(&[a, ab]);
            n.op(RELU, &[y])
        }),
        ("a sum of sums, one of them read elsewhere", |n, x| {
            let [a, b, c] = three(n, x);
            let ab = n.add(&[a, b]);
            n.conv(ab);
            let y = n.add(&[ab, c]);
            n.op(RELU, &[y])
        }),
        ("an unread output of the encoder's group", |n, x| {
            let [a, b, c] = three(n, x);
            n.0.group(Group::Encoder);
            n.conv(x);
            n.0.group(Group::Decoder);
            let y = n.add(&[a, b, c]);
            n.op(RELU, &[y])
        }),
    ];
    for (what, build) in same {
        assert_eq!(fingerprint(build), plain, "{what}");
    }
}

#[test]
fn computing_twice_what_has_no_parameters_changes_nothing() {
    let once = fingerprint(|n, x| {
        let y = n.op(RELU, &[x]);
        let pixel = n.op(Op::GlobalAveragePool, &[y]);
        let (a, b) = (n.conv(pixel), n.conv(y));
        let a = n.op(Op::ResizeTo, &[a, x]);
        n.add(&[a, b])
    });
    let twice = fingerprint(|n, x| {
        let (y, z) = (n.op(RELU, &[x]), n.op(RELU, &[x]));
        let pixel = n.op(Op::GlobalAveragePool, &[z]);
        let (a, b) = (n.conv(pixel), n.conv(y));
        // Only the size of the second input counts.
        let a = n.op(Op::ResizeTo, &[a, z]);
        n.add(&[b, a])
    });
    assert_eq!(once, twice);
}

#[test]
fn networks_that_differ_have_other_fingerprints() {
    type Build = fn(&mut Net, NodeId) -> NodeId;
    let other: [(&str, Build, Build); 12] = [
        (
            "one convolution read twice, and two alike",
            |n, x| {
                let a = n.conv(x);
                n.add(&[a, a])
            },
            |n, x| {
                let (a, b) = (n.conv(x), n.conv(x));
                n.add(&[a, b])
            },
        ),
        (
            // As unfolded trees these two are one.
            "a shared operand, and two copies of it",
            |n, x| {
                let a = n.conv(x);
                let (b, c) = (n.conv(a), n.conv(a));
                n.add(&[b, c])
            },
            |n, x| {
                let (a, other) = (n.conv(x), n.conv(x));
                let (b, c) = (n.conv(a), n.conv(other));
                n.add(&[b, c])
            },
        ),
        (
            // Equal numbers of nodes, and equal trees: only who shares what differs.
            "which of two readers share",
            |n, x| {
                let (a, b) = (n.conv(x), n.conv(x));
                let deep = [n.conv(a), n.conv(a), n.conv(a), n.conv(b)];
                n.add(&deep)
            },
            |n, x| {
                let (a, b) = (n.conv(x), n.conv(x));
                let deep = [n.conv(a), n.conv(a), n.conv(b), n.conv(b)];
                n.add(&deep)
            },
        ),
        (
            "two sums of one pair, and of crossed pairs",
            |n, x| {
                let (a, b) = (n.conv(x), n.conv(x));
                let (c, d) = (n.conv(a), n.conv(b));
                let (s, t) = (n.add(&[a, c]), n.add(&[b, d]));
                let (s, t) = (n.conv(s), n.conv(t));
                n.add(&[s, t])
            },
            |n, x| {
                let (a, b) = (n.conv(x), n.conv(x));
                let (c, d) = (n.conv(a), n.conv(b));
                let (s, t) = (n.add(&[b, c]), n.add(&[a, d]));
                let (s, t) = (n.conv(s), n.conv(t));
                n.add(&[s, t])
            },
        ),
        (
            "how often a map is added",
            |n, x| {
                let a = n.conv(x);
                n.add(&[a, a, x])
            },
            |n, x| {
                let a = n.conv(x);
                n.add(&[a, x, x])
            },
        ),
        (
            "the order of a chain",
            |n, x| {
                let y = n.op(RELU, &[x]);
                n.conv(y)
            },
            |n, x| {
                let y = n.conv(x);
                n.op(RELU, &[y])
            },
        ),
        (
            "the order of a concatenation",
            |n, x| {
                let a = n.conv(x);
                n.op(Op::Concat, &[a, x])
            },
            |n, x| {
                let a = n.conv(x);
                n.op(Op::Concat, &[x, a])
            },
        ),
        (
            "a normalised zero, which is a shift, and nothing",
            |n, x| {
                let zero = n.op(Op::Zero, &[x]);
                let shift = n.op(Op::BatchNorm, &[zero]);
                n.add(&[x, shift])
            },
            |_, x| x,
        ),
        (
            "a convolution of zeros with a bias, and nothing",
            |n, x| {
                let zero = n.op(Op::Zero, &[x]);
                let bias = n.op(Op::Conv(Conv::new(1, 4).with_bias()), &[zero]);
                n.add(&[x, bias])
            },
            |_, x| x,
        ),
        (
            "the dilation",
            |n, x| n.op(Op::Conv(Conv::new(3, 4)), &[x]),
            |n, x| n.op(Op::Conv(Conv::new(3, 4).dilation(3)), &[x]),
        ),
        (
            "the group of parameters",
            |n, x| n.conv(x),
            |n, x| {
                n.0.group(Group::Encoder);
                n.conv(x)
            },
        ),
        (
            "the function",
            |n, x| n.op(RELU, &[x]),
            |n, x| {
                let function = ActivationKind::Relu6;
                n.op(Op::Activation { function }, &[x])
            },
        ),
    ];
    for (what, one, another) in other {
        assert_ne!(fingerprint(one), fingerprint(another), "{what}");
    }
}

#[test]
fn outputs_count_by_name_and_role() {
    let outputs = |names: [&str; 2], swap: bool| {
        let mut net = Net(GraphBuilder::new(), 0);
        let image = net.0.input("image", 4);
        let (a, b) = (net.conv(image), net.op(RELU, &[image]));
        let main = net.conv(b);
        let [one, other] = if swap { [b, a] } else { [a, b] };
        net.0.output(names[0], Role::Auxiliary, one);
        net.0.output("main", Role::Main, main);
        net.0.output(names[1], Role::Auxiliary, other);
        net.0.finish().unwrap().fingerprint()
    };
    let first = outputs(["aux0", "aux1"], false);
    assert_eq!(outputs(["aux1", "aux0"], true), first);
    assert_ne!(outputs(["aux0", "aux1"], true), first);
    assert_ne!(outputs(["aux0", "aux2"], false), first);
}

/// Six convolutions of one map in six sums of two, which all else reads: each sum takes the
/// convolutions that `rings` names.
fn ringed(rings: [[usize; 2]; 6]) -> String {
    fingerprint(|n, x| {
        let convs = [(); 6].map(|()| n.conv(x));
        let deep = rings.map(|pair| {
            let sum = n.add(&pair.map(|at| convs[at]));
            n.conv(sum)
        });
        n.add(&deep)
    })
}

/// Would catch refinement without marks, which sees equal neighbours all round.
#[test]
fn rings_of_equal_neighbours_are_told_apart() {
    let one = [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 0]];
    let two = [[0, 1], [1, 2], [2, 0], [3, 4], [4, 5], [5, 3]];
    let neither = [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 5]];
    assert_ne!(ringed(one), ringed(two));
    // The same ring from another convolution on.
    let turned = [[3, 5], [0, 3], [1, 0], [2, 1], [4, 2], [5, 4]];
    assert_eq!(ringed(one), ringed(turned));
    assert_ne!(ringed(one), ringed(neither));
}

/// Would catch a hash that depends on the machine, and a change of what is hashed without another
/// version.
#[test]
fn a_fingerprint_is_the_same_everywhere() {
    let text = fingerprint(|n, x| {
        let a = n.op(Op::Conv(Conv::depthwise(5, 4).stride(2).with_bias()), &[x]);
        let a = n.op(Op::BatchNorm, &[a]);
        let a = n.op(RELU, &[a]);
        let pixel = n.op(Op::GlobalAveragePool, &[a]);
        let zero = n.op(Op::Zero, &[pixel]);
        let shift = n.op(Op::BatchNorm, &[zero]);
        let [a, shift] = [a, shift].map(|y| n.op(Op::ResizeTo, &[y, x]));
        let y = n.add(&[a, shift, a]);
        n.op(Op::Concat, &[y, x])
    });
    assert_eq!(
        text,
        "1-45164de78d3b5a94d8e6cb01e2093f475de0a200982992ce9f8892441fdb8b38"
    );
}

/// A random network: each step an operation and the earlier nodes that it reads.
fn any_steps() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    proptest::collection::vec((0_usize..6, 0_usize..64, 0_usize..64), 1..24)
}

/// Builds the steps; with `is_twisted` as the same network in other words.
fn built(steps: &[(usize, usize, usize)], is_twisted: bool) -> String {
    fingerprint(|n, x| {
        let mut nodes = vec![x];
        for &(op, a, b) in steps {
            let (a, b) = (nodes[a % nodes.len()], nodes[b % nodes.len()]);
            if is_twisted {
                let unread = n.conv(b);
                n.op(Op::Identity, &[unread]);
            }
            nodes.push(match op {
                0 => n.conv(a),
                1 => n.op(RELU, &[a]),
                2 => n.op(Op::Zero, &[a]),
                3 => n.op(Op::Identity, &[a]),
                4 => n.op(Op::BatchNorm, &[a]),
                _ if is_twisted => {
                    let zero = n.op(Op::Zero, &[b]);
                    let part = n.add(&[b, zero]);
                    n.add(&[part, a])
                }
                _ => n.add(&[a, b]),
            });
        }
        // All of them in the output, so that steps are rarely in vain.
        if is_twisted {
            nodes.reverse();
        }
        n.add(&nodes)
    })
}

proptest! {
    #[test]
    fn other_words_for_a_network_have_its_fingerprint(steps in any_steps()) {
        prop_assert_eq!(built(&steps, true), built(&steps, false));
    }
}
