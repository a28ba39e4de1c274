//! Reliability of a run's rewards, and the cost of the run.

use std::collections::BTreeMap;

use maud::{Markup, html};
use nasfw_engine::search::FIRST_REPEAT;
use nasfw_engine::{Contender, Contenders, Machine, Status, Trial};

use super::Recorded;
use crate::number::duration;
use crate::page::{self, Align, facts, plural, table};
use crate::statistics::{INTERVAL, RankCorrelation, Spread};

/// Complete trials below which nothing is said of noise by the model: its prior would speak.
const LEAST: usize = 10;

pub(super) fn section(run: &Recorded) -> Markup {
    let text = |text: String| html! { (text) };
    let mut rows = vec![("noise of one evaluation", text(noise(run)))];
    let stages = stage_correlations(run);
    rows.push((
        "agreement between stages",
        match stages.is_empty() {
            true => text("fewer than 3 trials completed two stages with different rewards".into()),
            false => html! { @for line in &stages { (line) br; } },
        },
    ));
    rows.push(("search and full training", text(full_training(run))));
    rows.push(("another controller", text(comparison(run))));
    rows.push(("whole cost", text(cost(run))));
    rows.push(("machines", machines(&run.machines)));
    let body = html! {
        (facts(&rows))
        @if let Some(contenders) = &run.contenders { (contender_table(contenders)) }
    };
    page::section("evidence", "How far to trust this", &body)
}

/// The spread of rewards of one architecture over seeds.
fn noise(run: &Recorded) -> String {
    let known = run
        .contenders
        .as_ref()
        .filter(|_| run.count(Status::Complete) >= LEAST);
    let by_model = known.map_or(String::new(), |it| {
        format!(
            "; by the model of all trials, two evaluations of one architecture correlate at {:.2}",
            it.repeatability
        )
    });
    match within_architectures(&run.trials) {
        Some(spread) => format!(
            "standard deviation {:.4} over seeds, of {} of {}{by_model}",
            spread.deviation,
            plural(spread.values, "evaluation"),
            plural(spread.groups, "architecture"),
        ),
        None => format!(
            "not measured, as no architecture completed all stages twice; from trial {FIRST_REPEAT} on, the share \
             run.repeats of the trials evaluates promising ones again{by_model}"
        ),
    }
}

pub(super) fn within_architectures(trials: &[Trial]) -> Option<Spread> {
    let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for trial in trials.iter().filter(|t| t.status() == Status::Complete) {
        groups
            .entry(trial.genotype())
            .or_default()
            .extend(trial.reward);
    }
    Spread::within(&groups.into_values().collect::<Vec<_>>())
}

/// Rank correlations of each stage's rewards with the next one's, in words.
pub(super) fn stage_correlations(run: &Recorded) -> Vec<String> {
    let stages = run
        .trials
        .iter()
        .map(|t| t.evaluation.stage_rewards.len())
        .max()
        .unwrap_or(0);
    let between = |at: usize| {
        let both = run.trials.iter().filter_map(|trial| {
            let rewards = &trial.evaluation.stage_rewards;
            Some((*rewards.get(at)?, *rewards.get(at + 1)?))
        });
        let found = RankCorrelation::of(&both.collect::<Vec<_>>())?;
        Some(format!(
            "ranks after stages {at} and {} correlate at {found}",
            at + 1
        ))
    };
    let mut lines: Vec<String> = (0..stages.saturating_sub(1)).filter_map(between).collect();
    if !lines.is_empty() && run.count(Status::Stopped) > 0 {
        lines.push("only trials that continued count, which lowers the correlation".into());
    }
    lines
}

/// The rank correlation of rewards in the search with those of full trainings.
fn full_training(run: &Recorded) -> String {
    let pairs = trained_pairs(run);
    match (pairs.len(), RankCorrelation::of(&pairs)) {
        (0, _) => "not measured: name models trained from this run with --trained MODEL".into(),
        (n, None) => format!(
            "{} trained in full, too few to compare ranks",
            plural(n, "architecture")
        ),
        (_, Some(found)) => format!(
            "rewards in the search and on the validation split after training in full correlate, by rank, at {found}"
        ),
    }
}

/// Rewards in the search, as expected without noise where they are known, and after full training: a pair
/// for each architecture, the mean of its trainings.
pub(super) fn trained_pairs(run: &Recorded) -> Vec<(f64, f64)> {
    let expected = |trial: &Trial| {
        let all = run.contenders.iter().flat_map(|it| &it.ranked);
        let of_trial = all.into_iter().find(|it| it.trial == trial.id());
        of_trial.map(|it| it.expected).or(trial.reward)
    };
    let mut by_genotype: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for trained in &run.trained {
        by_genotype
            .entry(&trained.genotype)
            .or_default()
            .push(trained.reward);
    }
    let pairs = by_genotype.into_iter().filter_map(|(genotype, rewards)| {
        let mut complete = run.trials.iter().filter(|t| t.status() == Status::Complete);
        let trial = complete.find(|t| t.genotype() == genotype)?;
        let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
        Some((expected(trial)?, mean))
    });
    pairs.collect()
}

/// The worth of the controller beside another.
fn comparison(run: &Recorded) -> String {
    let Some(other) = &run.baseline else {
        return "not compared: search with --baseline random, or name a run with --baseline RUN"
            .into();
    };
    let (name, trials) = (&other.name, plural(other.trials.len(), "trial"));
    let first = |contenders: &Option<Contenders>| -> Option<Contender> {
        contenders
            .as_ref()
            .and_then(|it| it.ranked.first().copied())
    };
    match (first(&run.contenders), first(&other.contenders)) {
        (Some(ours), Some(theirs)) => {
            let error = ours.deviation.hypot(theirs.deviation);
            let gain = ours.expected - theirs.expected;
            format!(
                "this run's recommendation is expected to have a reward higher by {gain:+.4} than that of {name} \
                 after {trials}; 95 % interval {:+.4} to {:+.4}",
                gain - INTERVAL * error,
                gain + INTERVAL * error
            )
        }
        (None, _) => "not compared: this run recommends nothing yet".into(),
        (_, None) => format!("not compared: {name} recommends nothing, after {trials}"),
    }
}

fn cost(run: &Recorded) -> String {
    let sum = |status: Option<Status>| {
        let of = run
            .trials
            .iter()
            .filter(|t| status.is_none_or(|it| t.status() == it));
        of.fold(0.0, |sum, t| sum + t.evaluation.seconds)
    };
    let calls = match run.spent.values().sum::<f64>() {
        0.0 => "those of the search itself are recorded when it ends or is stopped".into(),
        whole => format!(
            "{} in the invocations that ended normally, warm-up and validation included, where results from the \
             cache take no time",
            duration(whole)
        ),
    };
    let beside = run.baseline.as_ref().map_or(String::new(), |other| {
        format!("; {}: {}", other.name, duration(other.seconds))
    });
    format!(
        "{} for all evaluations when they were computed, {} of it for failed ones; {calls}{beside}; final trainings \
         are not included",
        duration(sum(None)),
        duration(sum(Some(Status::Failed)))
    )
}

fn machines(machines: &[Machine]) -> Markup {
    html! {
        @if machines.is_empty() { "not recorded" }
        @for it in machines {
            (it.processor.as_deref().unwrap_or("unknown processor")) ", "
            (plural(it.cores, "thread")) ", " (it.instructions) ", " (it.system)
            ", device " (it.device) ", nasfw " (it.program) br;
        }
    }
}

fn contender_table(contenders: &Contenders) -> Markup {
    let columns = [
        ("trial", Align::Right),
        ("expected reward", Align::Right),
        ("95 % interval", Align::Right),
        ("evaluations", Align::Right),
        ("their mean", Align::Right),
    ];
    let rows: Vec<Vec<Markup>> = (contenders.ranked.iter())
        .map(|it| {
            vec![
                html! { (it.trial) },
                html! { (format!("{:.4}", it.expected)) },
                html! { (format!("{:.4} to {:.4}", it.low, it.high)) },
                html! { (it.evaluations) },
                html! { (format!("{:.4}", it.observed)) },
            ]
        })
        .collect();
    let caption = "Contenders by expected reward";
    table(caption, &columns, &rows)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::tests::trial;
    use super::*;

    #[test]
    fn noise_is_of_architectures_evaluated_again() {
        let mut trials: Vec<Trial> = [0.5, 0.3, 0.7, 0.9]
            .iter()
            .zip(0..)
            .map(|(&r, id)| trial(id, r))
            .collect();
        assert_eq!(within_architectures(&trials), None);
        trials[2].evaluation.genotype = trials[0].evaluation.genotype.clone();
        let spread = within_architectures(&trials).unwrap();
        assert_eq!((spread.groups, spread.values), (1, 2));
        assert!((spread.deviation - 0.02f64.sqrt()).abs() < 1e-12);
    }
}
