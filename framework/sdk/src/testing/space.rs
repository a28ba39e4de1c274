//! The promises of a search space.

use super::random_choices;
use crate::{Choices, Graph, IoChannels, SearchSpace, Seed};

/// Checks `samples` random architectures: decoding works and is stable, the graph has one image
/// input, the wanted output channels and an encoder that no choice changes, genotype text reads
/// back, and sketches have boxes and forward edges only. Text that is no genotype is refused, and
/// another thread gets the same graph.
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
        let text =
            (space.genotype(&choices)).map_err(|e| format!("sample {at}, {choices:?}: {e}"))?;
        let say = |what: String| Err(format!("sample {at}, genotype {text}: {what}"));
        if text.is_empty() || text.chars().any(char::is_control) {
            return say("is not one line of text".into());
        }
        if space.parse(&format!("{text}?")).is_ok() {
            return say("reads back with a question mark behind it, too".into());
        }
        match space.parse(&text) {
            Ok(back) if back == choices => {}
            Ok(back) => return say(format!("reads back as {back:?}, not {choices:?}")),
            Err(e) => return say(format!("its genotype does not read back: {e}")),
        }
        let io = IoChannels::rgb(1 + at % 21);
        let graph = match space.decode(&choices, &io) {
            Ok(graph) => graph,
            Err(e) => return say(format!("does not decode: {e}")),
        };
        let again = std::thread::scope(|scope| {
            let thread = scope.spawn(|| space.decode(&choices, &io));
            thread.join().ok()
        });
        match again {
            Some(Ok(again)) if again == graph => {}
            _ => return say("decodes to another graph the second time, on another thread".into()),
        }
        if let Err(e) = graph.check_io(&io) {
            return say(e.to_string());
        }
        if let Err(e) = Graph::from_json(&graph.to_json()) {
            return say(format!("its JSON does not read back: {e}"));
        }
        let maps = match graph.after_encoder() {
            Ok(rest) => rest.inputs().count(),
            Err(e) => return say(format!("cannot be cut after its encoder: {e}")),
        };
        if let Err(what) = check_sketches(space, &choices) {
            return say(what);
        }
        match (space.facts(&choices), space.facts(&choices)) {
            (Ok(first), Ok(second)) if first == second => {}
            (Ok(_), Ok(_)) => return say("its facts differ the second time".into()),
            (Err(e), _) | (_, Err(e)) => return say(e.to_string()),
        }
        let part = graph.encoder().map_err(|e| format!("sample {at}: {e}"))?;
        if maps != part.as_ref().map_or(1, |e| e.outputs().len()) {
            return say("reads the image behind its encoder as well".into());
        }
        match &encoder {
            // The maps that are read are part of it: they are computed once for all.
            Some(first) if *first == part => {}
            Some(_) => {
                return say(
                    "its encoder, or which maps of it are read, differs from that of another \
                     architecture"
                        .into(),
                );
            }
            None => encoder = Some(part),
        }
    }
    Ok(())
}

fn check_sketches(space: &dyn SearchSpace, choices: &Choices) -> Result<(), String> {
    for sketch in space.sketches(choices).map_err(|e| e.to_string())? {
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
