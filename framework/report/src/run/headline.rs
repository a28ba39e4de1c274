//! The best architecture, and how to go on.

use maud::{Markup, html};
use nasfw_engine::Trial;

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
                p.note { "Choices have no names here and nothing is drawn: " (unknown) "." }
            }
            @match run.best() {
                Some(best) => (found(run, best)),
                None if done > 0 => p { "None of the trials could be judged; the reasons are below." },
                None => {},
            }
            (go_on(run))
        }
    }
}

fn found(run: &Recorded, best: &Trial) -> Markup {
    let constant = run.constant_reward.map_or(String::new(), |r| {
        format!("the best constant answer: {r:.4}")
    });
    let reward = best.reward.map_or("–".into(), |r| format!("{r:.4}"));
    html! {
        h2 style="margin-top:26px" { "Best: trial " (best.id) }
        dl.tiles {
            (tile("reward", &reward, &constant))
            @for name in &run.headline {
                @if let Some(value) = best.metrics.get(name) {
                    (tile(name, &metric(value), ""))
                }
            }
            (tile("parameters", &short(best.params as u64), &grouped(best.params as u64)))
            (tile("multiply-adds", &short(best.macs), "at the size judged"))
        }
        p { code { (best.genotype) } }
    }
}

fn go_on(run: &Recorded) -> Markup {
    let shown = &run.shown;
    let (done, wanted) = (run.trials.len() as u64, run.wanted());
    let mut lines = Vec::new();
    if run.best().is_some() {
        lines.push(format!(
            "nasfw train --from {shown} --out MODEL   # the best one, in full"
        ));
        lines.push(format!("nasfw describe --from {shown}"));
    }
    lines.push(match done < wanted {
        true => format!(
            "nasfw resume {shown}   # the {} trials that are left",
            wanted - done
        ),
        false => format!(
            "nasfw resume {shown} --trials {}   # search on",
            done.max(1) * 2
        ),
    });
    html! {
        h3 { "How to go on" }
        (commands(&lines))
    }
}
