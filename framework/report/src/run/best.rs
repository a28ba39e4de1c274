//! Drawings and a table of the best architectures.

use maud::{Markup, html};
use nasfw_engine::{Status, Trial};

use super::Recorded;
use crate::number::{duration, metric, short};
use crate::page::{self, Align, sketch_image, table};

/// Numbers of architectures drawn and listed.
const DRAWN: usize = 3;
const LISTED: usize = 20;

pub(super) fn section(run: &Recorded) -> Markup {
    let ranked = run.ranked();
    if ranked.is_empty() {
        return html! {};
    }
    let body = html! {
        @for (rank, trial) in distinct(&ranked).iter().take(DRAWN).enumerate() {
            (drawn(run, rank, trial))
        }
        (listed(run, &ranked))
    };
    page::section("best", "Best architectures", &body)
}

/// The first trial of every architecture.
fn distinct<'a>(ranked: &[&'a Trial]) -> Vec<&'a Trial> {
    let mut found: Vec<&Trial> = Vec::new();
    for trial in ranked.iter().take(LISTED) {
        if found
            .iter()
            .all(|t| t.proposal.choices != trial.proposal.choices)
        {
            found.push(trial);
        }
    }
    found
}

fn drawn(run: &Recorded, rank: usize, trial: &Trial) -> Markup {
    let sketches = run.sketches(trial);
    let name = format!("trial {}", trial.id());
    html! {
        @if !sketches.is_empty() {
            h3 { (rank + 1) ". " (name) }
            p.note {
                "reward " (trial.reward.map_or("–".into(), |r| format!("{r:.4}"))) ", "
                (short(trial.params() as u64)) " parameters, " (short(trial.macs())) " multiply-adds"
            }
            div.sketches { @for sketch in &sketches { (sketch_image(sketch, &name)) } }
        }
    }
}

fn listed(run: &Recorded, ranked: &[&Trial]) -> Markup {
    let shown = &ranked[..ranked.len().min(LISTED)];
    let all_complete = shown.iter().all(|t| t.status() == Status::Complete);
    let mut columns = vec![("trial", Align::Right), ("reward", Align::Right)];
    if !all_complete {
        columns.insert(1, ("status", Align::Left));
    }
    columns.extend(run.headline.iter().map(|name| (*name, Align::Right)));
    columns.extend([
        ("parameters", Align::Right),
        ("multiply-adds", Align::Right),
        ("time", Align::Right),
        ("genotype", Align::Left),
    ]);
    let rows: Vec<Vec<Markup>> = shown
        .iter()
        .map(|trial| {
            let mut row = vec![
                html! { (trial.id()) },
                html! { (trial.reward.map_or("–".into(), |r| format!("{r:.4}"))) },
            ];
            if !all_complete {
                row.insert(1, html! { (trial.status()) });
            }
            row.extend(run.headline.iter().map(|name| {
                html! { (trial.evaluation.metrics.get(name).map_or("–".into(), metric)) }
            }));
            row.extend([
                html! { (short(trial.params() as u64)) },
                html! { (short(trial.macs())) },
                html! { (duration(trial.evaluation.seconds)) },
                html! { code { (trial.genotype()) } },
            ]);
            row
        })
        .collect();
    let caption = format!("The best {} of {} trials", rows.len(), run.trials.len());
    table(&caption, &columns, &rows)
}
