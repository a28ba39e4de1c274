//! Failed trials by reason.

use maud::{Markup, html};
use nasfw_engine::{Ending, Status, Trial};

use super::Recorded;
use crate::page::{self, Align, list, plural, table};

/// Maximum number of reasons, and of trial ids of one.
const REASONS: usize = 20;
const IDS: usize = 10;

pub(super) fn section(run: &Recorded) -> Markup {
    let groups = groups(&run.trials);
    if groups.is_empty() {
        return html! {};
    }
    let columns = [
        ("trials", Align::Right),
        ("reason (of the first trial)", Align::Left),
        ("trial ids", Align::Left),
    ];
    let rows: Vec<Vec<Markup>> = groups
        .iter()
        .take(REASONS)
        .map(|group| {
            vec![
                html! { (group.ids.len()) },
                html! { div.reason { (group.reason) } },
                html! { (list(&group.ids, IDS)) },
            ]
        })
        .collect();
    let caption = if groups.len() > REASONS {
        format!("The {REASONS} most frequent of {} reasons", groups.len())
    } else {
        "Failed trials by reason; reasons that differ only in numbers are grouped".into()
    };
    let failed = run.count(Status::Failed);
    let body = html! {
        p {
            (plural(failed, "trial")) " could not be evaluated. Failed trials have no reward; controllers ignore them unless run.on_failure is set."
        }
        (table(&caption, &columns, &rows))
    };
    page::section("failures", "Failures", &body)
}

/// Trials that failed for one reason.
#[derive(Debug, PartialEq)]
struct Group<'a> {
    reason: &'a str,
    ids: Vec<u64>,
}

/// Groups failures by reason, the most frequent first; reasons that differ only in numbers are one.
fn groups(trials: &[Trial]) -> Vec<Group<'_>> {
    let mut groups: Vec<(String, Group<'_>)> = Vec::new();
    for trial in trials {
        let Ending::Failed { reason } = &trial.evaluation.ending else {
            continue;
        };
        let key = without_numbers(reason);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, group)) => group.ids.push(trial.id()),
            None => {
                let ids = vec![trial.id()];
                groups.push((key, Group { reason, ids }));
            }
        }
    }
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.ids.len()));
    groups.into_iter().map(|(_, group)| group).collect()
}

fn without_numbers(text: &str) -> String {
    let mut short = String::new();
    for c in text.chars() {
        if !c.is_ascii_digit() {
            short.push(c);
        } else if !short.ends_with('0') {
            short.push('0');
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fail, trial};
    use super::*;

    #[test]
    fn reasons_that_differ_by_numbers_are_one() {
        let reasons = ["needs 12 MiB", "loss is NaN", "needs 3 MiB"];
        let mut trials: Vec<Trial> = (0..4).map(|id| trial(id, 0.5)).collect();
        for (trial, reason) in trials.iter_mut().zip(reasons) {
            fail(trial, reason);
        }
        let expected = [("needs 12 MiB", vec![0, 2]), ("loss is NaN", vec![1])];
        let expected: Vec<Group<'_>> = expected
            .into_iter()
            .map(|(reason, ids)| Group { reason, ids })
            .collect();
        assert_eq!(groups(&trials), expected);
    }
}
