//! Time by kind of work.

use maud::{Markup, html};

use super::Recorded;
use crate::number::duration;
use crate::page::{self, Align, plural, table};

pub(super) fn section(run: &Recorded) -> Markup {
    let in_trials: f64 = run.trials.iter().map(|t| t.evaluation.seconds).sum();
    if run.spent.is_empty() && run.trials.is_empty() {
        return html! {};
    }
    let whole: f64 = run.spent.values().sum();
    let mut spent: Vec<(&String, f64)> = run.spent.iter().map(|(w, s)| (w, *s)).collect();
    spent.sort_by(|a, b| b.1.total_cmp(&a.1));
    let columns = [
        ("work", Align::Left),
        ("time", Align::Right),
        ("share", Align::Right),
        ("", Align::Left),
    ];
    let rows: Vec<Vec<Markup>> = spent
        .iter()
        .map(|(work, secs)| {
            let share = 100.0 * secs / whole.max(1e-9);
            vec![
                html! { (work) },
                html! { (duration(*secs)) },
                html! { (format!("{share:.1} %")) },
                html! { div.bar-box { span.bar style=(format!("width:{share:.1}%")) {} } },
            ]
        })
        .collect();
    let mean = in_trials / run.trials.len().max(1) as f64;
    let body = html! {
        p { (plural(run.trials.len(), "trial")) " took " (duration(in_trials)) " in total, "
            (duration(mean)) " per trial on average." }
        @if rows.is_empty() {
            p.note { "Time by kind of work is recorded when a search ends or is stopped." }
        } @else {
            (table("Time by kind of work, over all calls that ran to their end", &columns, &rows))
        }
    };
    page::section("time", "Time spent", &body)
}
