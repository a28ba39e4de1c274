//! The promises of a search space.

use super::random_choices;
use crate::graph::Group;
use crate::{Choices, Graph, Io, SearchSpace, Seed};

/// Checks `samples` random architectures: decoding works and is stable, the graph has one image
/// input, the wanted output channels and an encoder that no choice changes, genotype text reads
/// back, and sketches have boxes and forward edges only. Text that is no genotype is refused.
///
/// # Errors
/// The first broken promise.
pub fn check_space(space: &dyn SearchSpace, samples: usize, seed: Seed) -> Result<(), String> {
    let mut rng = seed.stream("check_space");
    let mut encoder: Option<Option<Graph>> = None;
    for text in ["", " ", "not a genotype", "{}", "\u{0}"] {
        if space.parse(text).is_ok() {
            return Err(format!("reads {text:?} as a genotype"));
        }
    }
    for at in 0..samples {
        let choices = random_choices(space.schema(), &mut rng);
        let text = space.genotype(&choices);
        let say = |what: String| Err(format!("sample {at}, genotype {text}: {what}"));
        match space.parse(&text) {
            Ok(back) if back == choices => {}
            Ok(back) => return say(format!("reads back as {back:?}, not {choices:?}")),
            Err(e) => return say(format!("its genotype does not read back: {e}")),
        }
        let io = Io::rgb(1 + at % 21);
        let graph = match space.decode(&choices, &io) {
            Ok(graph) => graph,
            Err(e) => return say(format!("does not decode: {e}")),
        };
        match space.decode(&choices, &io) {
            Ok(again) if again == graph => {}
            _ => return say("decodes to another graph the second time".into()),
        }
        let inputs: Vec<usize> = graph.inputs().map(|(id, _)| graph.channels(id)).collect();
        if inputs != [io.input_channels] {
            return say(format!(
                "inputs with {inputs:?} channels, not [{}]",
                io.input_channels
            ));
        }
        for output in graph.outputs() {
            let channels = graph.channels(output.node);
            if channels != io.output_channels {
                return say(format!(
                    "output {} has {channels} channels, not {}",
                    output.name, io.output_channels
                ));
            }
        }
        if graph.nodes()[graph.main().node].group == Group::Auxiliary {
            return say("the main output is an auxiliary node".into());
        }
        if let Err(e) = Graph::from_json(&graph.to_json()) {
            return say(format!("its JSON does not read back: {e}"));
        }
        if let Err(e) = graph.after_encoder() {
            return say(format!("cannot be cut after its encoder: {e}"));
        }
        if let Err(what) = check_sketches(space, &choices) {
            return say(what);
        }
        let part = graph.encoder().map_err(|e| format!("sample {at}: {e}"))?;
        match &encoder {
            // Which encoder maps are read may depend on the choices; the nodes may not.
            Some(first) if nodes(first) == nodes(&part) => {}
            Some(_) => return say("its encoder differs from that of another architecture".into()),
            None => encoder = Some(part),
        }
    }
    Ok(())
}

fn check_sketches(space: &dyn SearchSpace, choices: &Choices) -> Result<(), String> {
    for sketch in space.sketches(choices) {
        let count = sketch.boxes.len();
        if count == 0 {
            return Err(format!("its sketch `{}` has no box", sketch.title));
        }
        if let Some(edge) = sketch.edges.iter().find(|e| e.0 >= e.1 || e.1 >= count) {
            return Err(format!(
                "its sketch `{}` has the edge {edge:?}, which does not point forward",
                sketch.title
            ));
        }
    }
    Ok(())
}

fn nodes(graph: &Option<Graph>) -> Option<&[crate::graph::Node]> {
    graph.as_ref().map(Graph::nodes)
}
