//! Operations of search spaces.

use super::{read, unknown_operation, write};
use crate::message::Op;
use crate::message::space::{Decode, Facts, Genotype, OfChoices, Sketches};
use nasfw_sdk::error::Result;
use nasfw_sdk::space::SearchSpace;

pub(super) fn call(space: &dyn SearchSpace, op: Op, request: &[u8]) -> Result<Vec<u8>> {
    let choices = || {
        let of: OfChoices = read(request)?;
        space.schema().choices(of.choices)
    };
    match op {
        Op::Decode => {
            let Decode { choices, io } = read(request)?;
            let choices = space.schema().choices(choices)?;
            write(&space.decode(&choices, &io)?)
        }
        Op::Genotype => write(&Genotype {
            genotype: space.genotype(&choices()?)?,
        }),
        Op::Parse => {
            let Genotype { genotype } = read(request)?;
            let choices = space.parse(&genotype)?.to_vec();
            write(&OfChoices { choices })
        }
        Op::Sketches => write(&Sketches {
            sketches: space.sketches(&choices()?)?,
        }),
        Op::Facts => write(&Facts {
            facts: space.facts(&choices()?)?,
        }),
        Op::Canonical => {
            let choices = space.canonical(&choices()?)?.to_vec();
            write(&OfChoices { choices })
        }
        _ => Err(unknown_operation(op, "search space")),
    }
}
