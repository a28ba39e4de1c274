//! A fixed plain decoder on an encoder: the network of the warm-up, and the teacher.

use nasfw_sdk::Result;
use nasfw_sdk::graph::{ActivationKind, Conv, Graph, GraphBuilder, Group, Op, Role};

/// Builds `encoder` with a decoder of `width` channels: every encoder output through a 1x1
/// convolution, all resized to the finest and summed, a 3x3 convolution, and a 3x3 head with bias.
/// Its output has the resolution of the finest encoder output.
pub(super) fn plain_network(encoder: &Graph, width: usize, channels: usize) -> Result<Graph> {
    let mut b = GraphBuilder::new();
    for node in encoder.nodes() {
        b.group(node.group)
            .add(node.name.clone(), node.op.clone(), &node.inputs);
    }
    b.group(Group::Decoder);
    let mut ends: Vec<usize> = encoder.outputs().iter().map(|o| o.node).collect();
    ends.sort_unstable();
    let relu = Some(ActivationKind::Relu);
    let maps: Vec<usize> = (ends.iter().enumerate())
        .map(|(at, &end)| {
            b.conv_bn(
                &format!("plain.adapter{at}"),
                Conv::new(1, width),
                relu,
                end,
            )
        })
        .collect();
    // Node order follows depth, so the first encoder output is the finest.
    let resized: Vec<usize> = (maps.iter().enumerate())
        .map(|(at, &map)| match at {
            0 => map,
            _ => b.add(format!("plain.resize{at}"), Op::ResizeTo, &[map, maps[0]]),
        })
        .collect();
    let sum = b.add("plain.sum", Op::Add, &resized);
    let mixed = b.conv_bn("plain.mix", Conv::new(3, width), relu, sum);
    let head = b.conv("plain.head", Conv::new(3, channels).with_bias(), mixed);
    b.output("main", Role::Main, head);
    b.finish()
}
