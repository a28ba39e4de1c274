//! Learning-rate schedules.

use nasfw_sdk::Decay;
use serde::{Deserialize, Serialize};

/// A stage of a training with its own learning rates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateStage {
    /// Its length, relative to the shares of the others.
    pub share: f64,
    /// Factor of the encoder's learning rate.
    pub encoder: f64,
    /// Factor of the other learning rate.
    pub decoder: f64,
}

/// A schedule of the factors of both learning rates.
#[derive(Clone, Copy, Debug)]
pub enum Rates<'a> {
    /// The same schedule for both.
    Decay(Decay),
    /// Stage after stage.
    Staged(&'a [RateStage]),
}

/// Factors of the learning rates at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factors {
    /// Factor of the encoder's learning rate.
    pub encoder: f64,
    /// Factor for decoder and auxiliary heads.
    pub decoder: f64,
}

impl Factors {
    /// The same factor for both.
    pub fn all(factor: f64) -> Self {
        Self {
            encoder: factor,
            decoder: factor,
        }
    }
}

impl Rates<'_> {
    /// The factors of the step after `done` of `steps`.
    pub fn factors(&self, done: usize, steps: usize) -> Factors {
        match self {
            Self::Decay(decay) => Factors::all(decay.factor(done, steps)),
            Self::Staged(stages) => {
                let whole: f64 = stages.iter().map(|s| s.share).sum();
                let place = done as f64 / steps.max(1) as f64 * whole;
                let mut end = 0.0;
                let stage = stages.iter().find(|stage| {
                    end += stage.share;
                    place < end
                });
                match stage.or(stages.last()) {
                    Some(stage) => Factors {
                        encoder: stage.encoder,
                        decoder: stage.decoder,
                    },
                    None => Factors::all(1.0),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_each_other_by_their_shares() {
        let stage = |share, encoder, decoder| RateStage {
            share,
            encoder,
            decoder,
        };
        let stages = [
            stage(1.0, 1.0, 1.0),
            stage(2.0, 0.5, 0.4),
            stage(1.0, 0.0, 0.2),
        ];
        let rates = Rates::Staged(&stages);
        let both = |done| {
            let factors = rates.factors(done, 8);
            (factors.encoder, factors.decoder)
        };
        assert_eq!([0, 1].map(both), [(1.0, 1.0); 2]);
        assert_eq!([2, 3, 4, 5].map(both), [(0.5, 0.4); 4]);
        assert_eq!([6, 7, 8].map(both), [(0.0, 0.2); 3]);
        assert_eq!(Rates::Staged(&[]).factors(3, 8), Factors::all(1.0));
        assert_eq!(
            Rates::Decay(Decay::Linear).factors(2, 8),
            Factors::all(0.75)
        );
    }
}
