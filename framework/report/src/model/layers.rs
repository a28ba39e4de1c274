//! Parameters and multiply-adds, part by part and layer by layer.

use maud::{Markup, html};
use nasfw_engine::model::Description;
use nasfw_sdk::graph::{Graph, NodeId, Op};

use crate::number::{grouped, short};
use crate::page::{self, Align, plural, table};

/// What a layer costs.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    name: String,
    does: String,
    /// Height, width and channels of its output.
    size: (usize, usize, usize),
    params: usize,
    macs: u64,
}

pub(super) fn section(model: &Description) -> Markup {
    let crop = (model.input.height_px, model.input.width_px);
    let layers = layers(&model.graph, crop);
    let all = layers.iter().map(|l| l.params).sum::<usize>().max(1) as f64;
    let parts = parts(&layers);
    let part_rows: Vec<Vec<Markup>> = (parts.iter())
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
    let layer_rows: Vec<Vec<Markup>> = (layers.iter())
        .map(|layer| {
            let (height, width, channels) = layer.size;
            vec![
                html! { code { (layer.name) } },
                html! { (layer.does) },
                html! { (format!("{height}x{width}x{channels}")) },
                html! { (grouped(layer.params as u64)) },
                html! { (short(layer.macs)) },
            ]
        })
        .collect();
    let layer_columns = [
        ("layer", Align::Left),
        ("does", Align::Left),
        ("output", Align::Right),
        ("parameters", Align::Right),
        ("multiply-adds", Align::Right),
    ];
    let at = format!("at {}x{} px", crop.0, crop.1);
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
fn layers(graph: &Graph, crop: (usize, usize)) -> Vec<Layer> {
    let sizes = graph.sizes(&vec![crop; graph.inputs().count()]);
    let layer = |(id, node): (NodeId, &nasfw_sdk::graph::Node)| {
        let from = node.inputs.first().map_or(0, |&i| graph.channels(i));
        let params = node.op.parameters(from);
        let (height, width) = sizes[id];
        let (does, weights) = match &node.op {
            Op::Conv(conv) => {
                let kernel = format!("convolution {0}x{0}", conv.kernel);
                let notes = [
                    (conv.stride > 1).then(|| format!("stride {}", conv.stride)),
                    (conv.dilation > 1).then(|| format!("dilation {}", conv.dilation)),
                    (conv.groups > 1).then(|| format!("{} groups", conv.groups)),
                ];
                let notes: Vec<String> = notes.into_iter().flatten().collect();
                let does = match notes.is_empty() {
                    true => kernel,
                    false => format!("{kernel}, {}", notes.join(", ")),
                };
                (does, conv.weights(from))
            }
            _ => ("normalisation".to_owned(), 0),
        };
        (params > 0).then(|| Layer {
            name: node.name.clone(),
            does,
            size: (height, width, graph.channels(id)),
            params,
            macs: (weights as u64)
                .saturating_mul(height as u64)
                .saturating_mul(width as u64),
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
        let (layers, cost) = (layers(&graph, (65, 47)), graph.cost((65, 47)));
        let params: usize = layers.iter().map(|l| l.params).sum();
        let macs: u64 = layers.iter().map(|l| l.macs).sum();
        assert_eq!((params, macs), (cost.params, cost.macs));
        let by_part: usize = parts(&layers).iter().map(|part| part.1).sum();
        assert_eq!(by_part, cost.params);
    }
}
