//! What failed, by reason.

use maud::{Markup, html};
use nasfw_engine::{Status, Trial};

use super::Recorded;
use crate::page::{self, Align, list, plural, table};

/// Reasons and trials of one that are shown.
const REASONS: usize = 20;
const IDS: usize = 10;

pub(super) fn section(run: &Recorded) -> Markup {
    let groups = groups(&run.trials);
    if groups.is_empty() {
        return html! {};
    }
    let columns = [
        ("trials", Align::Right),
        ("reason, as the first said it", Align::Left),
        ("which", Align::Left),
    ];
    let rows: Vec<Vec<Markup>> = (groups.iter().take(REASONS))
        .map(|group| {
            vec![
                html! { (group.ids.len()) },
                html! { div style="white-space:normal;min-width:260px;max-width:60ch" { (group.reason) } },
                html! { (list(&group.ids, IDS)) },
            ]
        })
        .collect();
    let caption = match groups.len() > REASONS {
        false => {
            "Failed trials by reason; numbers within a reason do not tell reasons apart".into()
        }
        true => format!("The {REASONS} most frequent of {} reasons", groups.len()),
    };
    let failed = run.count(Status::Failed);
    let body = html! {
        p { (plural(failed, "trial")) " could not be judged. Failures have no reward, and the \
             controller learned nothing from them." }
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

/// Failures by reason, the most frequent first; reasons that differ by numbers only are one.
fn groups(trials: &[Trial]) -> Vec<Group<'_>> {
    let mut groups: Vec<(String, Group<'_>)> = Vec::new();
    for trial in trials.iter().filter(|t| t.status == Status::Failed) {
        let reason = trial.reason.as_deref().unwrap_or("no reason was given");
        let key = without_numbers(reason);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, group)) => group.ids.push(trial.id),
            None => {
                let ids = vec![trial.id];
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
        match c.is_ascii_digit() {
            true if short.ends_with('0') => {}
            true => short.push('0'),
            false => short.push(c),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::super::tests::trial;
    use super::*;

    #[test]
    fn reasons_that_differ_by_numbers_are_one() {
        let reasons = ["needs 12 MiB", "loss is NaN", "needs 3 MiB"];
        let mut trials: Vec<Trial> = (0..4).map(|id| trial(id, 0.5)).collect();
        for (trial, reason) in trials.iter_mut().zip(reasons) {
            trial.status = Status::Failed;
            trial.reason = Some(reason.into());
        }
        let expected = [("needs 12 MiB", vec![0, 2]), ("loss is NaN", vec![1])];
        let expected: Vec<Group<'_>> = (expected.into_iter())
            .map(|(reason, ids)| Group { reason, ids })
            .collect();
        assert_eq!(groups(&trials), expected);
    }
}
