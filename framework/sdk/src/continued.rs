//! Trainings in several stages: which stages may continue one another, and the epochs of each.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::schedule::Stage;

/// Keys in which a stage that continues may differ from the stage before.
const FREE: [&str; 2] = ["continues", "epochs"];

/// Checks the values of every stage, and that each stage that continues is the same training as the
/// stage before. Messages refer to a stage by what `name` makes of its number.
///
/// # Errors
/// Names the first value that is out of range or differs, and what it should be.
pub fn check_stages(stages: &[Stage], name: impl Fn(usize) -> String) -> Result<()> {
    for (at, stage) in stages.iter().enumerate() {
        stage.check(&name(at))?;
        if !stage.continues {
            continue;
        }
        let Some(before) = at.checked_sub(1) else {
            let item = format!("{}.continues", name(0));
            let expected = "false: there is no stage before the first";
            return Err(Error::invalid(item, true, expected));
        };
        check_same(stage, &name(at), &stages[before], &name(before))?;
    }
    Ok(())
}

fn check_same(stage: &Stage, name: &str, before: &Stage, its_name: &str) -> Result<()> {
    let (stage, before) = (values(stage)?, values(before)?);
    let differs = stage
        .iter()
        .filter(|(key, _)| !FREE.contains(&key.as_str()))
        .find(|(key, value)| before.get(*key) != Some(*value));
    match differs {
        None => Ok(()),
        Some((key, value)) => {
            let expected = format!(
                "{}, as in {its_name}, whose training it continues",
                before.get(key).unwrap_or(&Value::Null)
            );
            Err(Error::invalid(format!("{name}.{key}"), value, expected))
        }
    }
}

/// The values of a stage by their names, so that a new one cannot be forgotten here.
fn values(stage: &Stage) -> Result<serde_json::Map<String, Value>> {
    match serde_json::to_value(stage) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(other) => Err(Error::invalid("stage", other, "a table")),
        Err(e) => Err(Error::invalid("stage", e, "a table")),
    }
}

/// The part that a stage has in its training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageEpochs {
    /// The stage that begins the training.
    pub begun_by: usize,
    /// Epochs that are done before the stage.
    pub from: usize,
    /// Epochs that are done after it.
    pub until: usize,
    /// Epochs of the whole training, over which learning rates decay.
    pub all: usize,
}

impl StageEpochs {
    /// The part of stage `at`; none if there is no such stage.
    ///
    /// ```
    /// use nasfw_sdk::{Stage, StageEpochs};
    ///
    /// let first = Stage { epochs: 2, ..Stage::end_to_end() };
    /// let second = Stage { continues: true, epochs: 4, ..first.clone() };
    /// let part = StageEpochs::of(&[first, second], 1);
    /// assert_eq!(part, Some(StageEpochs { begun_by: 0, from: 2, until: 6, all: 6 }));
    /// ```
    pub fn of(stages: &[Stage], at: usize) -> Option<Self> {
        let stage = stages.get(at)?;
        let begun_by = stages[..=at].iter().rposition(|s| !s.continues)?;
        let from = stages[begun_by..at].iter().map(|s| s.epochs).sum();
        let until = from + stage.epochs;
        let rest = stages[at + 1..].iter().take_while(|s| s.continues);
        let all = until + rest.map(|s| s.epochs).sum::<usize>();
        Some(Self {
            begun_by,
            from,
            until,
            all,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decay, Optimiser, StageInput};

    fn begins(epochs: usize) -> Stage {
        Stage {
            epochs,
            ..Stage::end_to_end()
        }
    }

    fn continues(epochs: usize) -> Stage {
        Stage {
            continues: true,
            ..begins(epochs)
        }
    }

    fn check(stages: &[Stage]) -> Result<()> {
        check_stages(stages, |at| format!("stage {at}"))
    }

    #[test]
    fn every_epoch_of_a_training_belongs_to_one_stage() {
        let stages = [begins(5), begins(1), continues(2), continues(6), begins(3)];
        let parts = (0..5).map(|at| StageEpochs::of(&stages, at).expect("there is one"));
        let parts: Vec<_> = parts
            .map(|p| (p.begun_by, p.from, p.until, p.all))
            .collect();
        let expected = [
            (0, 0, 5, 5),
            (1, 0, 1, 9),
            (1, 1, 3, 9),
            (1, 3, 9, 9),
            (4, 0, 3, 3),
        ];
        assert_eq!(parts, expected);
        assert_eq!(StageEpochs::of(&stages, 5), None);
        assert_eq!(StageEpochs::of(&[continues(1)], 0), None);
    }

    #[test]
    fn only_the_same_training_continues() {
        assert_eq!(check(&[begins(1), continues(2), continues(6)]), Ok(()));
        let said = |stages: &[Stage]| check(stages).expect_err("refused").to_string();
        assert_eq!(
            said(&[continues(1)]),
            "stage 0.continues: true is not allowed; false: there is no stage before the first"
        );
        let batch = Stage {
            batch: 8,
            ..continues(1)
        };
        assert_eq!(
            said(&[begins(1), batch]),
            "stage 1.batch: 8 is not allowed; 32, as in stage 0, whose training it continues"
        );
        let adam = Optimiser::Adam {
            lr: 1.0,
            weight_decay: 0.0,
        };
        let others = [
            (
                Stage {
                    samples: 7,
                    ..continues(1)
                },
                "samples",
            ),
            (
                Stage {
                    crop_px: 7,
                    ..continues(1)
                },
                "crop_px",
            ),
            (
                Stage {
                    decoder: adam,
                    ..continues(1)
                },
                "decoder",
            ),
            (
                Stage {
                    encoder: adam,
                    ..continues(1)
                },
                "encoder",
            ),
            (
                Stage {
                    decay: Decay::Linear,
                    ..continues(1)
                },
                "decay",
            ),
            (
                Stage {
                    polyak: 0.5,
                    ..continues(1)
                },
                "polyak",
            ),
            (
                Stage {
                    source: StageInput::Features,
                    ..continues(1)
                },
                "source",
            ),
        ];
        for (stage, key) in others {
            let said = said(&[begins(1), continues(2), stage]);
            assert!(said.contains(&format!("stage 2.{key}:")), "{said}");
            assert!(said.contains("as in stage 1"), "{said}");
        }
        let short = said(&[begins(1), continues(0)]);
        assert!(short.contains("stage 1.epochs"), "{short}");
    }

    #[test]
    fn stages_that_begin_are_written_as_ever() -> serde_json::Result<()> {
        let text = serde_json::to_string(&begins(1))?;
        assert!(!text.contains("continues"), "{text}");
        let text = serde_json::to_string(&continues(1))?;
        assert_eq!(serde_json::from_str::<Stage>(&text)?, continues(1));
        Ok(())
    }
}
