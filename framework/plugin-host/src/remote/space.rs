//! A library's search space.

use nasfw_abi::message::space::{Decode, Facts, Genotype, Made, OfChoices, Sketches};
use nasfw_abi::message::{Kind, Op};
use nasfw_sdk::{Choices, Graph, IoChannels, Result, Schema, SearchSpace, Sketch};
use serde_json::{Map, Value};

use super::MAX_GRAPH;
use super::respawn::RespawningInstance;
use crate::described::one_line;
use crate::library::Library;

/// Maximum number of parameters of a network.
const MAX_PARAMETERS: usize = 1 << 30;

struct RemoteSpace {
    fresh: RespawningInstance,
    schema: Schema,
}

/// Makes the search space `name`.
///
/// # Errors
/// The library's reason, or the problem with its reply.
pub(crate) fn space(
    library: &'static Library,
    name: &'static str,
    settings: &Value,
) -> Result<Box<dyn SearchSpace>> {
    let (fresh, made): (_, Made) = RespawningInstance::make(library, Kind::Space, name, settings)?;
    Ok(Box::new(RemoteSpace {
        fresh,
        schema: made.schema,
    }))
}

impl SearchSpace for RemoteSpace {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph> {
        let instance = self.fresh.instance()?;
        let request = Decode {
            choices: choices.to_vec(),
            io: *io,
        };
        let bytes = instance.call_for_bytes(Op::Decode, &request, &mut [], MAX_GRAPH)?;
        let graph: Graph = instance.read(Op::Decode.name(), &bytes)?;
        graph
            .check_io(io)
            .map_err(|e| instance.error(Op::Decode, e))?;
        let parameters = graph.parameters();
        if parameters > MAX_PARAMETERS {
            let message = format!("{parameters} parameters; at most {MAX_PARAMETERS} are accepted");
            return Err(instance.error(Op::Decode, message));
        }
        Ok(graph)
    }

    fn genotype(&self, choices: &Choices) -> Result<String> {
        let instance = self.fresh.instance()?;
        let Genotype { genotype } = instance.call(Op::Genotype, &of(choices), &mut [])?;
        if genotype.is_empty() || genotype.chars().any(char::is_control) {
            let message = "its genotype is not one line of text";
            return Err(instance.error(Op::Genotype, message));
        }
        Ok(genotype)
    }

    fn parse(&self, genotype: &str) -> Result<Choices> {
        let instance = self.fresh.instance()?;
        let genotype = genotype.to_owned();
        let OfChoices { choices } = instance.call(Op::Parse, &Genotype { genotype }, &mut [])?;
        let choices = self.schema.choices(choices);
        choices.map_err(|e| instance.error(Op::Parse, e))
    }

    fn sketches(&self, choices: &Choices) -> Result<Vec<Sketch>> {
        let instance = self.fresh.instance()?;
        let reply: Sketches = instance.call(Op::Sketches, &of(choices), &mut [])?;
        Ok(reply.sketches)
    }

    fn facts(&self, choices: &Choices) -> Result<Map<String, Value>> {
        let instance = self.fresh.instance()?;
        let reply: Facts = instance.call(Op::Facts, &of(choices), &mut [])?;
        // Names are shown as they are, values as JSON.
        let facts = reply.facts.into_iter();
        Ok(facts.map(|(name, v)| (one_line(&name), v)).collect())
    }
}

fn of(choices: &Choices) -> OfChoices {
    OfChoices {
        choices: choices.to_vec(),
    }
}
