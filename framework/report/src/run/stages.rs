//! Trials by the stage they reached, and early stopping.

use maud::{Markup, html};
use nasfw_engine::{Status, Trial};
use nasfw_plugins::schedules::termination::{History, Termination};
use nasfw_sdk::{Seed, StageInput};

use super::Recorded;
use super::rewards::over_trials;
use crate::chart::{Ink, Mark, draw, thinned};
use crate::number::grouped;
use crate::page::{self, Align, Shape, WHOLE, figure, plural, table};

pub(super) fn section(run: &Recorded) -> Markup {
    let reached = run
        .trials
        .iter()
        .map(|t| t.evaluation.stage_rewards.len())
        .max();
    let stages = run.stages.len().max(reached.unwrap_or(0));
    let body = html! {
        p { (caption(run)) }
        (stage_table(run, stages))
        @if stages > 1 { (first_rewards(run)) }
    };
    page::section("stages", "Stages and early stopping", &body)
}

fn caption(run: &Recorded) -> String {
    let [complete, stopped, failed] = Status::ALL.map(|s| run.count(s));
    let share = 100.0 * stopped as f64 / (complete + stopped).max(1) as f64;
    format!(
        "{} completed all stages, {} stopped early ({share:.0} % of those evaluated), {} failed.",
        plural(complete, "trial"),
        grouped(stopped as u64),
        grouped(failed as u64)
    )
}

fn stage_table(run: &Recorded, stages: usize) -> Markup {
    let columns = [
        ("stage", Align::Left),
        ("input", Align::Left),
        ("samples", Align::Right),
        ("epochs", Align::Right),
        ("batch", Align::Right),
        ("crop, px", Align::Right),
        ("trials completed", Align::Right),
        ("stopped after", Align::Right),
        ("mean reward", Align::Right),
    ];
    let rows: Vec<Vec<Markup>> = (0..stages)
        .map(|at| {
            let through: Vec<f64> = run
                .trials
                .iter()
                .filter_map(|t| t.evaluation.stage_rewards.get(at).copied())
                .collect();
            let stopped = run
                .trials
                .iter()
                .filter(|t| {
                    t.status() == Status::Stopped && t.evaluation.stage_rewards.len() == at + 1
                })
                .count();
            let stage = run.stages.get(at);
            let of = |value: Option<usize>| value.map_or("–".into(), |v| grouped(v as u64));
            vec![
                html! { (at) },
                html! {
                    (match stage.map(|s| s.source) {
                        Some(StageInput::Features) => "cached features",
                        Some(StageInput::Images) => "images",
                        None => "–",
                    })
                    @if stage.is_some_and(|s| s.continues) { ", continued" }
                },
                html! { (match stage.map(|s| s.samples) {
                    Some(0) => "all".into(),
                    samples => of(samples),
                }) },
                html! { (of(stage.map(|s| s.epochs))) },
                html! { (of(stage.map(|s| s.batch))) },
                html! { (of(stage.map(|s| s.crop_px))) },
                html! { (grouped(through.len() as u64)) },
                html! { (grouped(stopped as u64)) },
                html! { (match through.len() {
                    0 => "–".into(),
                    n => format!("{:.4}", through.iter().sum::<f64>() / n as f64),
                }) },
            ]
        })
        .collect();
    table("Stages of the schedule", &columns, &rows)
}

/// Charts first rewards and the bounds they were compared with.
fn first_rewards(run: &Recorded) -> Markup {
    let first = |t: &Trial| Some((t.id() as f64, *t.evaluation.stage_rewards.first()?));
    let (continued, stopped): (Vec<&Trial>, Vec<&Trial>) = run
        .trials
        .iter()
        .filter(|t| t.status() != Status::Failed)
        .partition(|t| t.status() == Status::Complete || t.evaluation.stage_rewards.len() > 1);
    let continued: Vec<(f64, f64)> = continued.into_iter().filter_map(first).collect();
    let stopped: Vec<(f64, f64)> = stopped.into_iter().filter_map(first).collect();
    if continued.is_empty() && stopped.is_empty() {
        return html! {};
    }
    let bounds = (run.termination).map_or(Bounds::default(), |t| bounds(&run.trials, t));
    let top = continued
        .iter()
        .chain(&stopped)
        .map(|p| p.1)
        .fold(0.0, f64::max);
    let last = run.trials.len().saturating_sub(1).max(1) as f64;
    let axes = over_trials(last, top, "reward after stage 0");
    let radius = if run.trials.len() > 400 { 2 } else { 3 };
    let dots = |points, ink| Mark::Dots {
        points,
        radius,
        ink,
        opacity: 0.7,
    };
    let mut legend = vec![
        (Ink::Main, Shape::Dot, "continued"),
        (Ink::Faint, Shape::Dot, "stopped"),
    ];
    let mut marks = vec![dots(stopped, Ink::Faint), dots(continued, Ink::Main)];
    let mut caption = "Trials that the schedule continued or stopped after stage 0.".to_owned();
    if !bounds.mean.is_empty() {
        legend.push((
            Ink::Second,
            Shape::Line,
            "running mean; all above it continue",
        ));
        marks.push(Mark::Line {
            points: thinned(&bounds.mean),
            width: 2,
            ink: Ink::Second,
        });
        caption.push_str(
            " Between floor and mean the decision is random: the higher the reward, the likelier a \
             trial continues.",
        );
    }
    if !bounds.floor.is_empty() {
        legend.push((Ink::Second, Shape::Dashes, "floor; none below it continues"));
        let (points, ink) = (thinned(&bounds.floor), Ink::Second);
        marks.push(Mark::Dashes { points, ink });
    }
    figure(
        "First rewards and early termination",
        &caption,
        WHOLE,
        &legend,
        |size| {
            let caption = format!("Reward after stage 0 over trials. {caption}");
            draw(size, &caption, &axes, &marks)
        },
    )
}

/// The bounds that first rewards were compared with, trial by trial.
#[derive(Debug, Default, PartialEq)]
struct Bounds {
    /// All trials above it continue.
    mean: Vec<(f64, f64)>,
    /// No trial below it continues; empty if only chance decides.
    floor: Vec<(f64, f64)>,
}

/// Replays the first rewards as the schedule saw them, without failed trials.
fn bounds(trials: &[Trial], termination: Termination) -> Bounds {
    let mut bounds = Bounds::default();
    if termination == Termination::Never {
        return bounds;
    }
    let mut history = History::default();
    // Verdicts are ignored here, so the random draws have no effect.
    let mut rng = Seed(0).stream("report");
    let evaluated = trials.iter().filter(|t| t.status() != Status::Failed);
    for trial in evaluated {
        let Some(&reward) = trial.evaluation.stage_rewards.first() else {
            continue;
        };
        termination.verdict(&mut history, reward, &mut rng);
        let (at, mean) = (trial.id() as f64, history.mean());
        bounds.mean.push((at, mean));
        if termination == Termination::Released {
            bounds.floor.push((at, mean * (1.0 - history.delta())));
        }
    }
    bounds
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::tests::{fail, trial};
    use super::*;

    #[test]
    fn bounds_are_those_that_the_schedule_had() {
        let mut trials: Vec<Trial> = (0..3).map(|id| trial(id, 0.5)).collect();
        for (trial, first) in trials.iter_mut().zip([0.2, 0.9, 0.4]) {
            trial.evaluation.stage_rewards = vec![first, 0.5];
        }
        fail(&mut trials[1], "loss is NaN");
        let found = bounds(&trials, Termination::Released);
        // Written out: 0.2 alone, then (0.99 · 0.2 + 0.4) / 1.99; δ is 0.9 before trial 100.
        let second = (0.99 * 0.2 + 0.4) / 1.99;
        let expected = [(0.0, 0.2), (2.0, second)];
        for (found, expected) in found.mean.iter().zip(expected) {
            assert_eq!(found.0, expected.0);
            assert!((found.1 - expected.1).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(found.mean.len(), 2);
        assert!((found.floor[1].1 - 0.1 * second).abs() < 1e-12);
        assert_eq!(bounds(&trials, Termination::Never), Bounds::default());
        assert!(bounds(&trials, Termination::Paper).floor.is_empty());
    }
}
