//! Who came how far, and what ended early.

use maud::{Markup, html};
use nasfw_engine::{Status, Trial};
use nasfw_plugins::schedules::termination::{History, Termination};
use nasfw_sdk::{Seed, Source};

use super::Recorded;
use super::rewards::{ceiling, whole};
use crate::chart::{Axes, Ink, Mark, draw, thinned};
use crate::number::grouped;
use crate::page::{self, Align, Shape, WHOLE, figure, plural, table};

pub(super) fn section(run: &Recorded) -> Markup {
    let reached = run.trials.iter().map(|t| t.stage_rewards.len()).max();
    let stages = run.stages.len().max(reached.unwrap_or(0));
    let body = html! {
        p { (says(run)) }
        (stage_table(run, stages))
        @if stages > 1 { (first_rewards(run)) }
    };
    page::section("stages", "Stages and early ends", &body)
}

fn says(run: &Recorded) -> String {
    let [complete, stopped, failed] =
        [Status::Complete, Status::Stopped, Status::Failed].map(|s| run.count(s));
    let share = 100.0 * stopped as f64 / (complete + stopped).max(1) as f64;
    format!(
        "{} went through all stages, {} ended early ({share:.0} % of those that could be judged), \
         {} failed.",
        plural(complete, "trial"),
        grouped(stopped as u64),
        grouped(failed as u64)
    )
}

fn stage_table(run: &Recorded, stages: usize) -> Markup {
    let columns = [
        ("stage", Align::Left),
        ("learns from", Align::Left),
        ("samples", Align::Right),
        ("epochs", Align::Right),
        ("batch", Align::Right),
        ("crop, px", Align::Right),
        ("trials through it", Align::Right),
        ("ended after it", Align::Right),
        ("mean reward", Align::Right),
    ];
    let rows: Vec<Vec<Markup>> = (0..stages)
        .map(|at| {
            let through: Vec<f64> = (run.trials.iter())
                .filter_map(|t| t.stage_rewards.get(at).copied())
                .collect();
            let ended = (run.trials.iter())
                .filter(|t| t.status == Status::Stopped && t.stage_rewards.len() == at + 1)
                .count();
            let stage = run.stages.get(at);
            let of = |value: Option<usize>| value.map_or("–".into(), |v| grouped(v as u64));
            vec![
                html! { (at) },
                html! { (match stage.map(|s| s.source) {
                    Some(Source::Features) => "stored features",
                    Some(Source::Images) => "images",
                    None => "–",
                }) },
                html! { (match stage.map(|s| s.samples) {
                    Some(0) => "all".into(),
                    samples => of(samples),
                }) },
                html! { (of(stage.map(|s| s.epochs))) },
                html! { (of(stage.map(|s| s.batch))) },
                html! { (of(stage.map(|s| s.crop_px))) },
                html! { (grouped(through.len() as u64)) },
                html! { (grouped(ended as u64)) },
                html! { (match through.len() {
                    0 => "–".into(),
                    n => format!("{:.4}", through.iter().sum::<f64>() / n as f64),
                }) },
            ]
        })
        .collect();
    table("Stages of the schedule", &columns, &rows)
}

/// First rewards and what they were held against.
fn first_rewards(run: &Recorded) -> Markup {
    let first = |t: &Trial| Some((t.id as f64, *t.stage_rewards.first()?));
    let (on, ended): (Vec<&Trial>, Vec<&Trial>) = (run.trials.iter())
        .filter(|t| t.status != Status::Failed)
        .partition(|t| t.status == Status::Complete || t.stage_rewards.len() > 1);
    let on: Vec<(f64, f64)> = on.into_iter().filter_map(first).collect();
    let ended: Vec<(f64, f64)> = ended.into_iter().filter_map(first).collect();
    if on.is_empty() && ended.is_empty() {
        return html! {};
    }
    let bounds = (run.termination).map_or(Bounds::default(), |t| bounds(&run.trials, t));
    let top = on.iter().chain(&ended).map(|p| p.1).fold(0.0, f64::max);
    let last = run.trials.len().saturating_sub(1).max(1) as f64;
    let axes = Axes {
        x: -0.01 * last..1.01 * last,
        y: 0.0..ceiling(top),
        x_name: "trial",
        y_name: "reward after stage 0",
        x_text: &whole,
        y_text: &|y| format!("{y:.2}"),
    };
    let radius = if run.trials.len() > 400 { 2 } else { 3 };
    let dots = |points, ink| Mark::Dots {
        points,
        radius,
        ink,
        opacity: 0.7,
    };
    let mut legend = vec![
        (Ink::Main, Shape::Dot, "went on"),
        (Ink::Faint, Shape::Dot, "ended"),
    ];
    let mut marks = vec![dots(ended, Ink::Faint), dots(on, Ink::Main)];
    let mut says = "Which trials the schedule took further.".to_owned();
    if !bounds.mean.is_empty() {
        legend.push((Ink::Second, Shape::Line, "running mean; above it all go on"));
        marks.push(Mark::Line {
            points: thinned(&bounds.mean),
            width: 2,
            ink: Ink::Second,
        });
        says.push_str(" Between mean and floor chance decides, the more often for it the higher.");
    }
    if !bounds.floor.is_empty() {
        legend.push((Ink::Second, Shape::Dashes, "floor; below it none goes on"));
        let (points, ink) = (thinned(&bounds.floor), Ink::Second);
        marks.push(Mark::Dashes { points, ink });
    }
    figure(
        "First rewards and early termination",
        &says,
        WHOLE,
        &legend,
        |size| {
            let says = format!("Reward after stage 0 over trials. {says}");
            draw(size, &says, &axes, &marks)
        },
    )
}

/// What first rewards were held against, trial by trial.
#[derive(Debug, Default, PartialEq)]
struct Bounds {
    /// From here on upwards, all go on.
    mean: Vec<(f64, f64)>,
    /// Below this, none does; empty where chance alone decides.
    floor: Vec<(f64, f64)>,
}

/// Takes the first rewards in again, as the schedule did: failed trials left no trace in it.
fn bounds(trials: &[Trial], termination: Termination) -> Bounds {
    let mut bounds = Bounds::default();
    if termination == Termination::Never {
        return bounds;
    }
    let mut history = History::default();
    // What is drawn from it decides nothing here.
    let mut rng = Seed(0).stream("report");
    let judged = trials.iter().filter(|t| t.status != Status::Failed);
    for trial in judged {
        let Some(&reward) = trial.stage_rewards.first() else {
            continue;
        };
        termination.verdict(&mut history, reward, &mut rng);
        let (at, mean) = (trial.id as f64, history.mean());
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
    use super::super::tests::trial;
    use super::*;

    #[test]
    fn bounds_are_those_that_the_schedule_had() {
        let mut trials: Vec<Trial> = (0..3).map(|id| trial(id, 0.5)).collect();
        for (trial, first) in trials.iter_mut().zip([0.2, 0.9, 0.4]) {
            trial.stage_rewards = vec![first, 0.5];
        }
        trials[1].status = Status::Failed;
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
