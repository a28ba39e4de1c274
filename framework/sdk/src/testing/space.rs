//! Conformance checks of a search space.

use super::random_choices;
use crate::{Choices, Graph, IoChannels, SearchSpace, Seed};

/// Checks `samples` random architectures: decoding works and is deterministic, also on another
/// thread; the graph has one image input, the requested output channels and an encoder that does
/// not depend on the choices; genotypes parse back, and other text is refused; sketches have boxes
/// and only forward edges; a canonical form is its own and the same network, so that choices with
/// equal ones are one network.
///
/// # Errors
/// The first violation.
pub fn check_space(space: &dyn SearchSpace, samples: usize, seed: Seed) -> Result<(), String> {
    let mut rng = seed.stream("check_space");
    let mut encoder: Option<Option<Graph>> = None;
    for text in ["", " ", "not a genotype", "{}", "\u{0}"] {
        if space.parse(text).is_ok() {
            return Err(format!("accepts {text:?} as a genotype"));
        }
    }
    for at in 0..samples {
        let choices = random_choices(space.schema(), &mut rng);
        let text =
            (space.genotype(&choices)).map_err(|e| format!("sample {at}, {choices:?}: {e}"))?;
        let say = |what: String| Err(format!("sample {at}, genotype {text}: {what}"));
        if text.is_empty() || text.chars().any(char::is_control) {
            return say("the genotype is not one line of text".into());
        }
        if space.parse(&format!("{text}?")).is_ok() {
            return say("also parses with a question mark appended".into());
        }
        match space.parse(&text) {
            Ok(back) if back == choices => {}
            Ok(back) => return say(format!("parses as {back:?}, not {choices:?}")),
            Err(e) => return say(format!("its genotype does not parse: {e}")),
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
            return say(format!("its JSON does not parse: {e}"));
        }
        let maps = match graph.after_encoder() {
            Ok(rest) => rest.inputs().count(),
            Err(e) => return say(format!("cannot be cut after its encoder: {e}")),
        };
        if let Err(what) = check_sketches(space, &choices) {
            return say(what);
        }
        if let Err(what) = check_canonical(space, &choices, &io, &graph) {
            return say(what);
        }
        match (space.facts(&choices), space.facts(&choices)) {
            (Ok(first), Ok(second)) if first == second => {}
            (Ok(_), Ok(_)) => return say("its facts differ the second time".into()),
            (Err(e), _) | (_, Err(e)) => return say(e.to_string()),
        }
        let part = graph.encoder().map_err(|e| format!("sample {at}: {e}"))?;
        if maps != part.as_ref().map_or(1, |e| e.outputs().len()) {
            return say("its decoder also reads the image".into());
        }
        match &encoder {
            // This includes which maps are read, as they are computed once for all architectures.
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

/// Checks that the canonical form is one of the space, its own, and the network `graph`. Two
/// choices with one form are then one network, whichever samples are drawn.
fn check_canonical(
    space: &dyn SearchSpace,
    choices: &Choices,
    io: &IoChannels,
    graph: &Graph,
) -> Result<(), String> {
    let form = |of: &Choices| {
        let form = space.canonical(of).map_err(|e| e.to_string())?;
        match space.schema().choices(form.to_vec()) {
            Ok(form) => Ok(form),
            Err(e) => Err(format!("its canonical form is none of this space: {e}")),
        }
    };
    let canonical = form(choices)?;
    if form(choices)? != canonical {
        return Err("its canonical form differs the second time".into());
    }
    if canonical == *choices {
        return Ok(());
    }
    let text = space.genotype(&canonical).map_err(|e| e.to_string())?;
    if form(&canonical)? != canonical {
        return Err(format!(
            "its canonical form {text} has another canonical form"
        ));
    }
    let decoded = space.decode(&canonical, io).map_err(|e| e.to_string())?;
    if decoded.fingerprint() != graph.fingerprint() {
        return Err(format!(
            "its canonical form {text} decodes to another network: their fingerprints differ"
        ));
    }
    Ok(())
}

fn check_sketches(space: &dyn SearchSpace, choices: &Choices) -> Result<(), String> {
    for sketch in space.sketches(choices).map_err(|e| e.to_string())? {
        let count = sketch.boxes.len();
        if count == 0 {
            return Err(format!("its sketch `{}` has no boxes", sketch.title));
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
