//! The decoder: adapters, blocks, collapse, auxiliary cells (arXiv 1810.10804, section 3.1).

use nasfw_sdk::GraphBuilder;
use nasfw_sdk::graph::{ActivationKind, Conv, Group, NodeId, Op, Role};

use super::genotype::{ENCODER_MAPS, Genotype};
use super::mobilenet_v2::Map;

const RELU: Option<ActivationKind> = Some(ActivationKind::Relu);

/// Settings of the decoder's size, besides the genotype.
pub(super) struct Decoder {
    /// Channels of every map.
    pub(super) width: usize,
    /// Repeats of separable convolutions.
    pub(super) repeats: usize,
    /// Channels of each output.
    pub(super) output_channels: usize,
    /// True if blocks get an auxiliary cell.
    pub(super) has_auxiliary: bool,
}

impl Decoder {
    /// Adds the decoder on the encoder's maps, with the outputs `main` and `aux0`, `aux1`, ….
    pub(super) fn build(
        &self,
        graph: &mut GraphBuilder,
        genotype: &Genotype,
        encoder: [Map; ENCODER_MAPS],
    ) {
        graph.group(Group::Decoder);
        let mut maps: Vec<Map> = (encoder.into_iter().enumerate())
            .map(|(at, map)| self.pointwise(graph, &format!("decoder.adapter{at}"), map))
            .collect();
        for (block, &inputs) in genotype.wiring.iter().enumerate() {
            let sides = inputs.map(|input| maps[input]);
            maps.push(self.block(graph, genotype, &format!("decoder.block{block}"), sides));
        }
        let ends: Vec<(usize, Map)> = (genotype.loose_ends().into_iter())
            .map(|map| (map, maps[map]))
            .collect();
        let main = self.collapse(graph, &ends);
        graph.output("main", Role::Main, main);
        if self.has_auxiliary {
            graph.group(Group::Auxiliary);
            for (block, map) in maps[ENCODER_MAPS..].iter().enumerate() {
                let name = format!("aux{block}");
                let x = (genotype.cell).build(
                    graph,
                    &format!("{name}.cell"),
                    self.width,
                    self.repeats,
                    map.node,
                );
                let y = graph.conv(&format!("{name}.head"), self.head(), x);
                graph.output(&name, Role::Auxiliary, y);
            }
        }
    }

    /// 1x1 → BN → ReLU to the common width.
    fn pointwise(&self, graph: &mut GraphBuilder, name: &str, map: Map) -> Map {
        let node = graph.conv_bn(name, Conv::new(1, self.width), RELU, map.node);
        Map { node, ..map }
    }

    /// Adds a block: each input through its own copy of the cell and a 1x1 convolution at its own
    /// resolution, then the sum at the finer one, without activation.
    fn block(
        &self,
        graph: &mut GraphBuilder,
        genotype: &Genotype,
        name: &str,
        inputs: [Map; 2],
    ) -> Map {
        let [left, right] = [("left", inputs[0]), ("right", inputs[1])].map(|(side, map)| {
            let name = format!("{name}.{side}");
            let cell = &genotype.cell;
            let node = cell.build(graph, &name, self.width, self.repeats, map.node);
            self.pointwise(graph, &format!("{name}.merge"), Map { node, ..map })
        });
        let finer = if right.stride < left.stride {
            right
        } else {
            left
        };
        let sides = [("left", left), ("right", right)]
            .map(|(side, map)| resized(graph, &format!("{name}.{side}.resize"), map, finer));
        let node = graph.add(format!("{name}.sum"), Op::Add, &sides);
        Map { node, ..finer }
    }

    /// Adds the collapse: loose ends, resized to the finest and concatenated → ReLU → 1x1 → BN →
    /// ReLU → 3x3 with bias.
    fn collapse(&self, graph: &mut GraphBuilder, ends: &[(usize, Map)]) -> NodeId {
        // Ends are never empty, because nothing reads the last block.
        let Some(&(_, finest)) = ends.iter().min_by_key(|(_, map)| map.stride) else {
            unreachable!("the last block is a loose end");
        };
        let same_size: Vec<NodeId> = (ends.iter())
            .map(|&(at, map)| resized(graph, &format!("decoder.head.resize{at}"), map, finest))
            .collect();
        let x = match same_size[..] {
            [only] => only,
            _ => graph.add("decoder.head.concat", Op::Concat, &same_size),
        };
        let function = ActivationKind::Relu;
        let x = graph.add("decoder.head.relu", Op::Activation { function }, &[x]);
        let x = graph.conv_bn("decoder.head.reduce", Conv::new(1, self.width), RELU, x);
        graph.conv("decoder.head.output", self.head(), x)
    }

    fn head(&self) -> Conv {
        Conv::new(3, self.output_channels).with_bias()
    }
}

/// Resizes `map` to the size of `like`, if it differs.
fn resized(graph: &mut GraphBuilder, name: &str, map: Map, like: Map) -> NodeId {
    if map.stride == like.stride {
        return map.node;
    }
    graph.add(name, Op::ResizeTo, &[map.node, like.node])
}
