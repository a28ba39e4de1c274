//! Where the time went.

use maud::{Markup, html};

use super::Recorded;
use crate::number::duration;
use crate::page::{self, Align, plural, table};

pub(super) fn section(run: &Recorded) -> Markup {
    let in_trials: f64 = run.trials.iter().map(|t| t.seconds).sum();
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
    let rows: Vec<Vec<Markup>> = (spent.iter())
        .map(|(work, secs)| {
            let share = 100.0 * secs / whole.max(1e-9);
            vec![
                html! { (work) },
                html! { (duration(*secs)) },
                html! { (format!("{share:.1} %")) },
                html! { div style="width:min(30vw,320px)" { span.bar style=(format!("width:{share:.1}%")) {} } },
            ]
        })
        .collect();
    let mean = in_trials / run.trials.len().max(1) as f64;
    let body = html! {
        p { (plural(run.trials.len(), "trial")) " took " (duration(in_trials)) " together, "
            (duration(mean)) " each in the mean." }
        @if rows.is_empty() {
            p.note { "Time by kind of work is noted when a search ends or is stopped; this one was not \
                      so far." }
        } @else {
            (table("Time by kind of work, of all calls that came to their end", &columns, &rows))
        }
    };
    page::section("time", "Where the time went", &body)
}
