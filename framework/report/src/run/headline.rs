//! The best architecture, and commands for the next steps.

use maud::{Markup, html};
use nasfw_engine::{Contender, Trial};

use super::Recorded;
use crate::number::{grouped, metric, short};
use crate::page::{commands, plural, tile};

pub(super) fn section(run: &Recorded) -> Markup {
    let named = |path: &[&str]| run.setting(path).unwrap_or_else(|| "unknown".into());
    let members = [
        ("plugin", named(&["space", "plugin"])),
        ("task", named(&["task", "name"])),
        ("controller", named(&["controller", "name"])),
        ("schedule", named(&["schedule", "name"])),
        ("seed", named(&["run", "seed"])),
    ];
    let (done, wanted) = (run.trials.len() as u64, run.wanted());
    html! {
        header {
            h1 { (run.title()) }
            p.lead {
                @for (name, value) in &members { (name) " " b { (value) } " · " }
                @if done == wanted { (plural(run.trials.len(), "trial")) }
                @else { (grouped(done)) " of " (grouped(wanted)) " trials" }
            }
            @if let Some(unknown) = &run.unknown {
                p.note { "Choices have no names and sketches are missing: " (unknown) "." }
            }
            @match run.best() {
                Some(best) => (found(run, best)),
                None if done > 0 => p { "No trial could be evaluated; the reasons are below." },
                None => {},
            }
            (next_steps(run))
        }
    }
}

fn found(run: &Recorded, best: &Trial) -> Markup {
    let constant = run.constant_reward.map_or(String::new(), |r| {
        format!("constant-prediction baseline: {r:.4}")
    });
    let number = |reward: Option<f64>| reward.map_or("–".into(), |r| format!("{r:.4}"));
    let recommended = run.recommended();
    let (name, trial) = match recommended {
        Some((trial, _)) => ("Recommended", trial),
        None => ("Best", best),
    };
    html! {
        h2 style="margin-top:26px" { (name) ": trial " (trial.id()) }
        @if let Some((_, first)) = recommended {
            p.note { (why(first, best)) }
        }
        dl.tiles {
            (tile("reward", &number(trial.reward), &constant))
            @if let Some((_, first)) = recommended {
                (tile("expected", &format!("{:.4}", first.expected),
                    &format!("95 % interval {:.4} to {:.4}", first.low, first.high)))
            }
            @for name in &run.headline {
                @if let Some(value) = trial.evaluation.metrics.get(name) {
                    (tile(name, &metric(value), ""))
                }
            }
            (tile("parameters", &short(trial.params() as u64), &grouped(trial.params() as u64)))
            (tile("multiply-adds", &short(trial.macs()), "at the evaluated size"))
        }
        p { code { (trial.genotype()) } }
    }
}

/// The reason for recommending this architecture.
fn why(first: &Contender, best: &Trial) -> String {
    let evaluations = match first.evaluations {
        1 => "one evaluation of it".to_owned(),
        n => format!("{n} evaluations of it (mean {:.4})", first.observed),
    };
    let luckiest = if best.id() == first.trial {
        "its reward is also the highest observed".to_owned()
    } else {
        let reward = best.reward.unwrap_or(f64::NAN);
        format!(
            "the highest reward observed is {reward:.4}, of trial {}",
            best.id()
        )
    };
    format!(
        "The highest expected reward by a model of all complete trials, which weighs {evaluations} against \
         similar architectures; {luckiest}."
    )
}

fn next_steps(run: &Recorded) -> Markup {
    let shown = &run.shown;
    let (done, wanted) = (run.trials.len() as u64, run.wanted());
    let mut lines = Vec::new();
    if run.best().is_some() {
        lines.push(format!(
            "nasfw train --from {shown} --out MODEL   # train it in full"
        ));
        lines.push(format!("nasfw describe --from {shown}"));
    }
    lines.push(if done < wanted {
        let left = wanted - done;
        format!("nasfw resume {shown}   # the remaining {left} trials")
    } else {
        let more = done.max(1) * 2;
        format!("nasfw resume {shown} --trials {more}   # extend the search")
    });
    html! {
        h3 { "Next steps" }
        (commands(&lines))
    }
}
