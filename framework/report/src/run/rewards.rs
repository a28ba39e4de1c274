//! Rewards over trials.

use maud::{Markup, html};
use nasfw_engine::search::is_better;
use nasfw_engine::{Status, Trial};

use super::Recorded;
use crate::chart::{Axes, Ink, MAX_DOTS, Mark, draw, thinned};
use crate::number::grouped;
use crate::page::{self, Shape, WHOLE, figure};

/// Minimum number of trials in a window of the moving mean; with many trials it is a twentieth.
const MEAN_OVER: usize = 25;

pub(super) fn section(run: &Recorded) -> Markup {
    let trials = &run.trials;
    let other = run.baseline.as_ref();
    let longest = other.map_or(0, |b| b.trials.len()).max(trials.len());
    let last = longest.saturating_sub(1).max(1) as f64;
    let top = trials.iter().filter_map(|t| t.reward);
    let theirs = other.into_iter().flat_map(|b| &b.trials);
    let top = top.chain(theirs.filter_map(|t| t.reward));
    let top = top.chain(run.constant_reward).fold(0.0, f64::max);
    let axes = over_trials(last, top, "reward");
    let best = running_best(trials, trials.len().saturating_sub(1).max(1) as f64);
    let mean_over = (trials.len() / 20).max(MEAN_OVER);
    let mean_name = format!("mean of the last {mean_over}");
    let mean = moving_mean(trials, mean_over);
    let (mut legend, mut marks) = (Vec::new(), Vec::new());
    if run.count(Status::Stopped) > 0 {
        marks.push(dots(trials, Status::Stopped, Ink::Faint));
        legend.push((Ink::Faint, Shape::Dot, "stopped early"));
    }
    if run.count(Status::Complete) > 0 {
        marks.push(dots(trials, Status::Complete, Ink::Main));
        legend.push((Ink::Main, Shape::Dot, "completed all stages"));
        legend.push((Ink::Best, Shape::Line, "best complete trial so far"));
    }
    if let Some(constant) = run.constant_reward {
        let points = vec![(0.0, constant), (last, constant)];
        let ink = Ink::Second;
        marks.push(Mark::Dashes { points, ink });
        legend.push((ink, Shape::Dashes, "constant-prediction baseline"));
    }
    let name;
    if let Some(other) = other {
        let end = other.trials.len().saturating_sub(1).max(1) as f64;
        marks.push(Mark::Dashes {
            points: running_best(&other.trials, end),
            ink: Ink::Best,
        });
        name = format!("best so far of {}", other.name);
        legend.push((Ink::Best, Shape::Dashes, name.as_str()));
    }
    if mean.len() > 1 {
        marks.push(Mark::Line {
            points: thinned(&mean),
            width: 2,
            ink: Ink::Text,
        });
        legend.push((Ink::Text, Shape::Line, mean_name.as_str()));
    }
    if run.count(Status::Failed) > 0 {
        let failed = trials.iter().filter(|t| t.status() == Status::Failed);
        marks.push(Mark::Dots {
            points: failed.map(|t| (t.id() as f64, 0.0)).collect(),
            radius: 3,
            ink: Ink::Bad,
            opacity: 0.8,
        });
        legend.push((Ink::Bad, Shape::Dot, "failed (no reward; drawn at 0)"));
    }
    marks.push(Mark::Line {
        points: best.clone(),
        width: 2,
        ink: Ink::Best,
    });
    let caption = caption(run, &best);
    let body = html! {
        @if trials.len() > MAX_DOTS {
            p.note {
                "Charts of more than " (grouped(MAX_DOTS as u64)) " points show every n-th one; \
                 lines, numbers and tables include all."
            }
        }
        (figure("Reward of every trial", &caption, WHOLE, &legend,
            |size| draw(size, &format!("Reward over trials. {caption}"), &axes, &marks)))
    };
    page::section("rewards", "Reward over trials", &body)
}

/// Axes over trials up to number `last`, for values up to `top`.
pub(super) fn over_trials(last: f64, top: f64, y_name: &str) -> Axes<'_> {
    Axes {
        x: -0.01 * last..1.01 * last,
        y: 0.0..ceiling(top),
        x_name: "trial",
        y_name,
        x_text: &whole,
        y_text: &|y| format!("{y:.2}"),
    }
}

/// The end of an axis: a little above `value`, on a round number.
pub(super) fn ceiling(value: f64) -> f64 {
    if value > 0.0 {
        (value * 1.08 * 20.0).ceil() / 20.0
    } else {
        1.0
    }
}

/// Formats trial numbers; empty for values between two of them.
fn whole(x: &f64) -> String {
    if x.fract() == 0.0 && *x >= 0.0 {
        grouped(*x as u64)
    } else {
        String::new()
    }
}

fn dots(trials: &[Trial], status: Status, ink: Ink) -> Mark {
    let with_status = trials.iter().filter(|t| t.status() == status);
    Mark::Dots {
        points: with_status
            .filter_map(|t| Some((t.id() as f64, t.reward?)))
            .collect(),
        radius: if trials.len() > 400 { 2 } else { 3 },
        ink,
        opacity: 0.7,
    }
}

/// The reward of the best trial so far, as a step function.
fn running_best(trials: &[Trial], last: f64) -> Vec<(f64, f64)> {
    let mut best: Option<&Trial> = None;
    let mut stairs: Vec<(f64, f64)> = Vec::new();
    for trial in trials {
        if trial.status() != Status::Complete || !is_better(trial, best) {
            continue;
        }
        let (at, Some(reward)) = (trial.id() as f64, trial.reward) else {
            continue;
        };
        if let Some(&(_, before)) = stairs.last() {
            stairs.push((at, before));
        }
        stairs.push((at, reward));
        best = Some(trial);
    }
    if let Some(&(_, reward)) = stairs.last() {
        stairs.push((last, reward));
    }
    stairs
}

/// The mean of the last trials that have a reward, once there are enough.
fn moving_mean(trials: &[Trial], over: usize) -> Vec<(f64, f64)> {
    let rewards: Vec<(f64, f64)> = trials
        .iter()
        .filter_map(|t| Some((t.id() as f64, t.reward?)))
        .collect();
    rewards
        .windows(over)
        .filter_map(|window| {
            let sum: f64 = window.iter().map(|(_, reward)| reward).sum();
            Some((window.last()?.0, sum / over as f64))
        })
        .collect()
}

fn caption(run: &Recorded, best: &[(f64, f64)]) -> String {
    let (Some((at, first)), Some((_, reward))) = (best.first(), best.last()) else {
        return "No trial completed all stages.".into();
    };
    let constant = run.constant_reward.map_or(String::new(), |r| {
        let than = if r > *reward { ", which is higher" } else { "" };
        format!(" The constant-prediction baseline is {r:.4}{than}.")
    });
    let best = if first == reward {
        format!("The best reward is {reward:.4}.")
    } else {
        format!("The best reward rose from {first:.4} (trial {at}) to {reward:.4}.")
    };
    let theirs = run.baseline.as_ref().and_then(|other| {
        let at_our_end = other.trials.len().min(run.trials.len());
        let (_, theirs) = *running_best(&other.trials[..at_our_end], 0.0).last()?;
        let name = &other.name;
        Some(format!(" After as many trials, {name} had {theirs:.4}."))
    });
    format!("{best}{}{constant}", theirs.unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use nasfw_engine::Ending;

    use super::super::tests::{fail, trial};
    use super::*;

    #[test]
    fn the_best_so_far_is_of_complete_trials_only() {
        let rewards = [0.3, 0.9, 0.2, 0.5];
        let mut trials: Vec<Trial> = (0..4).map(|id| trial(id, rewards[id as usize])).collect();
        trials[1].evaluation.ending = Ending::Stopped {
            reason: "low".into(),
        };
        let stairs = running_best(&trials, 3.0);
        assert_eq!(stairs, [(0.0, 0.3), (3.0, 0.3), (3.0, 0.5), (3.0, 0.5)]);
        assert!(running_best(&trials[1..2], 3.0).is_empty());
    }

    #[test]
    fn the_mean_moves_over_trials_with_a_reward() {
        let mut trials: Vec<Trial> = (0..27).map(|id| trial(id, id as f64)).collect();
        fail(&mut trials[26], "loss is NaN");
        let mean = moving_mean(&trials, 25);
        assert_eq!(mean, [(24.0, 12.0), (25.0, 13.0)]);
    }

    #[test]
    fn axes_end_on_round_numbers() {
        assert_eq!([0.0, 0.46, 0.9].map(ceiling), [1.0, 0.5, 1.0]);
        assert_eq!([0.0, 0.5, 2000.0].map(|x| whole(&x)), ["0", "", "2,000"]);
    }
}
