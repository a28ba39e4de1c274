//! Parameters and multiply-adds, per part and per layer.

use maud::{Markup, html};
use nasfw_model::Description;
use nasfw_sdk::Size;
use nasfw_sdk::graph::{Graph, NodeId, Op};

use crate::number::{grouped, short};
use crate::page::{self, Align, plural, table};

/// A layer and its cost.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    name: String,
    operation: String,
    /// Size and channels of its output.
    output: (Size, usize),
    params: usize,
    macs: u64,
}

pub(super) fn section(model: &Description) -> Markup {
    let crop = Size::new(model.input.width_px, model.input.height_px);
    let layers = layers(&model.graph, crop);
    let all = layers.iter().map(|l| l.params).sum::<usize>().max(1) as f64;
    let parts = parts(&layers);
    let part_rows: Vec<Vec<Markup>> = parts
        .iter()
        .map(|(name, params, macs)| {
            let share = 100.0 * *params as f64 / all;
            vec![
                html! { (name) },
                html! { (grouped(*params as u64)) },
                html! { (format!("{share:.1} %")) },
                html! { (short(*macs)) },
            ]
        })
        .collect();
    let part_columns = [
        ("part", Align::Left),
        ("parameters", Align::Right),
        ("share", Align::Right),
        ("multiply-adds", Align::Right),
    ];
    let layer_rows: Vec<Vec<Markup>> = layers
        .iter()
        .map(|layer| {
            let (size, channels) = layer.output;
            vec![
                html! { code { (layer.name) } },
                html! { (layer.operation) },
                html! { (format!("{size}x{channels}")) },
                html! { (grouped(layer.params as u64)) },
                html! { (short(layer.macs)) },
            ]
        })
        .collect();
    let layer_columns = [
        ("layer", Align::Left),
        ("operation", Align::Left),
        ("output", Align::Right),
        ("parameters", Align::Right),
        ("multiply-adds", Align::Right),
    ];
    let at = format!("at {crop} px");
    let body = html! {
        (table(&format!("Parts of the network, {at}"), &part_columns, &part_rows))
        details {
            summary { (plural(layers.len(), "layer")) " with parameters" }
            (table(&format!("Layers with parameters, {at}"), &layer_columns, &layer_rows))
        }
    };
    page::section("layers", "Layers", &body)
}

/// The layers that have parameters, in order.
fn layers(graph: &Graph, crop: Size) -> Vec<Layer> {
    let sizes = graph.sizes(&vec![crop; graph.inputs().count()]);
    let layer = |(id, node): (NodeId, &nasfw_sdk::graph::Node)| {
        let from = node.inputs.first().map_or(0, |&i| graph.channels(i));
        let params = node.op.parameters(from);
        let size = sizes[id];
        let (operation, weights) = match &node.op {
            Op::Conv(conv) => {
                let kernel = format!("convolution {0}x{0}", conv.kernel);
                let notes = [
                    (conv.stride > 1).then(|| format!("stride {}", conv.stride)),
                    (conv.dilation > 1).then(|| format!("dilation {}", conv.dilation)),
                    (conv.groups > 1).then(|| format!("{} groups", conv.groups)),
                ];
                let notes: Vec<String> = notes.into_iter().flatten().collect();
                let operation = if notes.is_empty() {
                    kernel
                } else {
                    format!("{kernel}, {}", notes.join(", "))
                };
                (operation, conv.weights(from))
            }
            Op::BatchNorm => ("normalisation".to_owned(), 0),
            // Without parameters.
            Op::Input { .. }
            | Op::Activation { .. }
            | Op::ResizeTo
            | Op::GlobalAveragePool
            | Op::Add
            | Op::Concat
            | Op::Identity
            | Op::Zero => return None,
        };
        (params > 0).then(|| Layer {
            name: node.name.clone(),
            operation,
            output: (size, graph.channels(id)),
            params,
            macs: (weights as u64)
                .saturating_mul(size.height as u64)
                .saturating_mul(size.width as u64),
        })
    };
    graph.nodes().iter().enumerate().filter_map(layer).collect()
}

/// Sums by the first two parts of the layers' names, in order of appearance.
fn parts(layers: &[Layer]) -> Vec<(String, usize, u64)> {
    let mut parts: Vec<(String, usize, u64)> = Vec::new();
    for layer in layers {
        let name: Vec<&str> = layer.name.split('.').take(2).collect();
        let name = name.join(".");
        match parts.iter_mut().find(|part| part.0 == name) {
            Some(part) => {
                part.1 += layer.params;
                part.2 += layer.macs;
            }
            None => parts.push((name, layer.params, layer.macs)),
        }
    }
    parts
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use nasfw_plugins::spaces::EncoderDecoder;
    use nasfw_sdk::{IoChannels, SearchSpace, Seed, testing};

    use super::*;

    #[test]
    fn layers_sum_up_to_the_cost() {
        let space = EncoderDecoder::default();
        let choices = testing::random_choices(space.schema(), &mut Seed(1).stream("test"));
        let graph = space.decode(&choices, &IoChannels::rgb(5)).unwrap();
        let graph = graph.without_auxiliary();
        let size = Size::new(47, 65);
        let (layers, cost) = (layers(&graph, size), graph.cost(size));
        let params: usize = layers.iter().map(|l| l.params).sum();
        let macs: u64 = layers.iter().map(|l| l.macs).sum();
        assert_eq!((params, macs), (cost.params, cost.macs));
        let by_part: usize = parts(&layers).iter().map(|part| part.1).sum();
        assert_eq!(by_part, cost.params);
    }
}
