//! A controller's searches through a table.

use std::time::Instant;

use nasfw_sdk::registry::ControllerEntry;
use nasfw_sdk::{Choices, Error, Outcome, Proposal, Result, Seed};
use nasfw_surrogate::{is_repeat, recommend};
use rand_distr::{Distribution, Normal};
use rayon::prelude::*;
use serde_json::Value;

use crate::grid::Table;
use crate::score::MeanAndError;

/// How searches are played.
#[derive(Clone, Debug, PartialEq)]
pub struct Game {
    /// The number of searches, each with a seed of its own, counted from 0.
    pub seeds: u64,
    /// Trials of a search.
    pub trials: usize,
    /// Proposals that are asked for before the first of their outcomes is told.
    pub round: usize,
    /// Standard deviation of the normal noise that each trial's reward gets; 0 for none.
    pub noise: f64,
    /// Share of the trials that evaluate one of the most promising architectures again, as a run's
    /// `run.repeats`.
    pub repeats: f64,
    /// After how many trials regrets are taken.
    pub at: Vec<usize>,
}

/// A controller by its entry, with settings.
pub struct Player<'a> {
    /// What makes it.
    pub entry: &'a ControllerEntry,
    /// Its settings, laid over its defaults.
    pub settings: &'a Value,
}

impl Player<'_> {
    /// Makes the controller, and forgets it: checks its settings.
    ///
    /// # Errors
    /// What the controller says of its settings, or of the table's decisions.
    pub fn check(&self, table: &Table) -> Result<()> {
        let mut init = Seed(0).stream("controller/init");
        (self.entry.build)(self.settings, table.schema(), &mut init).map(|_| ())
    }
}

/// How a controller's searches went; lists have one element for each of [`Game::at`].
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Regret of the architecture that had the best reward so far.
    pub regret: Vec<MeanAndError>,
    /// Regret of the architecture that [`recommend`] names after as many trials; with noise only.
    pub recommended: Option<Vec<MeanAndError>>,
    /// Mean seconds that the controller took for a search.
    pub seconds: f64,
}

/// One search: regrets as in [`Played`].
struct Search {
    regret: Vec<f64>,
    recommended: Vec<f64>,
    seconds: f64,
}

/// Plays a controller against a table, on all threads; the regrets do not depend on how many.
///
/// A regret is the distance, in percentage points of reward, of the true reward of what a search would
/// be left with from the best in the table. The noise of a trial depends on its seed and number alone.
///
/// # Errors
/// What the controller says: a wrong setting, or that it cannot go on.
pub fn play(table: &Table, player: &Player<'_>, game: &Game) -> Result<Played> {
    let searches: Vec<Search> = (0..game.seeds)
        .into_par_iter()
        .map(|seed| search(table, player, game, Seed(seed)))
        .collect::<Result<_>>()?;
    let collect = |regrets: &dyn Fn(&Search) -> &[f64]| -> Vec<MeanAndError> {
        let of = |at: usize| -> Vec<f64> { searches.iter().map(|s| regrets(s)[at]).collect() };
        (0..game.at.len())
            .map(|at| MeanAndError::of(&of(at)))
            .collect()
    };
    let seconds: Vec<f64> = searches.iter().map(|search| search.seconds).collect();
    Ok(Played {
        regret: collect(&|search| &search.regret),
        recommended: (game.noise > 0.0).then(|| collect(&|search| &search.recommended)),
        seconds: MeanAndError::of(&seconds).mean,
    })
}

fn search(table: &Table, player: &Player<'_>, game: &Game, seed: Seed) -> Result<Search> {
    let trial = |id: usize| seed.child(&format!("trial/{id}"));
    let mut init = seed.stream("controller/init");
    let mut it = (player.entry.build)(player.settings, table.schema(), &mut init)?;
    let noise = Normal::new(0.0, game.noise)
        .map_err(|_| Error::invalid("noise", game.noise, "a finite number, 0 or more"))?;
    let mut trials: Vec<(Choices, f64)> = Vec::with_capacity(game.trials);
    let mut seconds = 0.0;
    while trials.len() < game.trials {
        let ids = trials.len()..(trials.len() + game.round.max(1)).min(game.trials);
        let mut proposals: Vec<Proposal> = Vec::new();
        for id in ids.clone() {
            let is_open = |choices: &Choices| proposals.iter().any(|it| it.choices == *choices);
            let again = is_repeat(id as u64, game.repeats)
                .then(|| recommend(table.schema(), &trials))
                .flatten()
                .and_then(|it| it.to_repeat(|choices| !is_open(choices)).cloned());
            let start = Instant::now();
            proposals.push(match again {
                Some(choices) => Proposal::given(&*it, choices)?,
                None => it.propose(&mut trial(id).stream("propose"))?,
            });
            seconds += start.elapsed().as_secs_f64();
        }
        for (id, proposal) in ids.zip(proposals) {
            let reward = value(table, &proposal.choices)?;
            let reward = if game.noise > 0.0 {
                reward + noise.sample(&mut trial(id).stream("noise"))
            } else {
                reward
            };
            trials.push((proposal.choices.clone(), reward));
            let start = Instant::now();
            let told = Outcome::Scored { proposal, reward };
            it.observe(&told, &mut trial(id).stream("observe"))?;
            seconds += start.elapsed().as_secs_f64();
        }
    }
    let regret = |choices: &Choices| Ok((table.best() - value(table, choices)?) * 100.0);
    let best = |n: &usize| {
        // Of equal rewards the first.
        let better = |a: usize, b: usize| if trials[b].1 > trials[a].1 { b } else { a };
        let best = (0..trials.len().min(*n)).reduce(better);
        best.map_or(Ok(f64::NAN), |best| regret(&trials[best].0))
    };
    let recommended = |n: &usize| match recommend(table.schema(), &trials[..trials.len().min(*n)]) {
        Some(found) => regret(&found.estimates[found.best].choices),
        None => Ok(f64::NAN),
    };
    Ok(Search {
        regret: game.at.iter().map(best).collect::<Result<_>>()?,
        recommended: if game.noise > 0.0 {
            game.at.iter().map(recommended).collect::<Result<_>>()?
        } else {
            Vec::new()
        },
        seconds,
    })
}

/// The reward of what a controller proposed.
fn value(table: &Table, choices: &Choices) -> Result<f64> {
    let reward = table.reward(choices);
    reward.ok_or_else(|| {
        Error::invalid(
            "proposal",
            format!("{:?}", &**choices),
            "choices of the table",
        )
    })
}
