//! Choices over time: the share of each option in successive windows of trials.
//!
//! Shares are counted from proposals, so that they exist for every controller.

use maud::{Markup, html};
use nasfw_engine::Trial;
use nasfw_sdk::Decision;

use super::Recorded;
use crate::chart::{Heat, heat};
use crate::page::{self, plural};

/// Maximum number of windows, and minimum number of trials in one.
const MAX_WINDOWS: usize = 20;
const MIN_TRIALS: usize = 5;
/// Maximum number of panels, and of options in one.
const MAX_PANELS: usize = 40;
const MAX_ROWS: usize = 14;

/// The content of one picture: decisions among the same options.
struct Panel<'a> {
    title: String,
    decisions: Vec<usize>,
    options: &'a [String],
}

pub(super) fn section(run: &Recorded) -> Markup {
    let decisions = run.decisions();
    let chosen: Vec<&Trial> = run
        .trials
        .iter()
        .filter(|t| t.proposal.choices.len() == decisions.len())
        .collect();
    if decisions.is_empty() || chosen.is_empty() {
        return html! {};
    }
    let windows = (chosen.len() / MIN_TRIALS).clamp(1, MAX_WINDOWS);
    let (mut above, alone, within) = panels(decisions);
    above.extend(alone);
    let show = |panels: &[Panel<'_>]| {
        html! {
            div.small {
                @for panel in panels.iter().take(MAX_PANELS) { (picture(panel, &chosen, windows)) }
            }
            @if panels.len() > MAX_PANELS {
                p.note { (plural(panels.len() - MAX_PANELS, "more decision")) " are not shown." }
            }
        }
    };
    let body = html! {
        p {
            "The share of each option in " (plural(windows, "window")) " of about "
            (plural(chosen.len().div_ceil(windows), "trial")) ", from left to right; darker = more \
             frequent. All proposals count, including failed ones."
        }
        (show(&above))
        @if !within.is_empty() {
            details {
                summary { "The decisions combined above, one by one" }
                (show(&within))
            }
        }
    };
    page::section("decisions", "Choices over time", &body)
}

/// Panels of decisions of one kind together, of decisions that are the only one of their kind, and
/// of the former one by one.
fn panels(decisions: &[Decision]) -> (Vec<Panel<'_>>, Vec<Panel<'_>>, Vec<Panel<'_>>) {
    let (mut together, mut alone, mut within) = (Vec::new(), Vec::new(), Vec::new());
    for (at, decision) in decisions.iter().enumerate() {
        let is_alike = |other: &Decision| {
            !decision.kind.is_empty()
                && other.kind == decision.kind
                && other.options == decision.options
        };
        let alike: Vec<usize> = (0..decisions.len())
            .filter(|&other| is_alike(&decisions[other]))
            .collect();
        let single = Panel {
            title: decision.label.clone(),
            decisions: vec![at],
            options: &decision.options,
        };
        if alike.len() < 2 {
            alone.push(single);
            continue;
        }
        within.push(single);
        if alike[0] == at {
            together.push(Panel {
                title: format!("{} ({} decisions)", decision.kind, alike.len()),
                decisions: alike,
                options: &decision.options,
            });
        }
    }
    (together, alone, within)
}

fn picture(panel: &Panel<'_>, trials: &[&Trial], windows: usize) -> Markup {
    let shares = shares(panel, trials, windows);
    let rows = shown(panel.options, shares);
    let last = |row: &(String, Vec<f64>)| row.1.last().copied().unwrap_or(0.0);
    let most = (rows.iter()).fold(None, |most: Option<&(String, Vec<f64>)>, row| match most {
        Some(best) if last(best) >= last(row) => Some(best),
        _ => Some(row),
    });
    let caption = most.map_or(String::new(), |row| {
        let first = row.1.first().copied().unwrap_or(0.0);
        format!(
            "now {}: {:.0} % (initially {:.0} %)",
            row.0,
            100.0 * last(row),
            100.0 * first
        )
    });
    let id = |t: Option<&&Trial>| t.map_or(String::new(), |t| t.id().to_string());
    let shown = Heat {
        rows: &rows,
        from_to: (format!("trial {}", id(trials.first())), id(trials.last())),
    };
    html! {
        figure {
            figcaption { strong { (panel.title) } br; span { (caption) } }
            (heat(&format!("{}: {caption}", panel.title), &shown))
        }
    }
}

/// The share of every option in each window.
fn shares(panel: &Panel<'_>, trials: &[&Trial], windows: usize) -> Vec<Vec<f64>> {
    let mut shares = vec![vec![0.0; windows]; panel.options.len()];
    for window in 0..windows {
        let [from, to] = [window, window + 1].map(|w| w * trials.len() / windows);
        let all = ((to - from) * panel.decisions.len()).max(1) as f64;
        for trial in &trials[from..to] {
            for &decision in &panel.decisions {
                if let Some(row) = shares.get_mut(trial.proposal.choices[decision]) {
                    row[window] += 1.0 / all;
                }
            }
        }
    }
    shares
}

/// Names with shares; of many options the most frequent ones, and the rest combined.
fn shown(options: &[String], shares: Vec<Vec<f64>>) -> Vec<(String, Vec<f64>)> {
    let mut rows: Vec<(String, Vec<f64>)> = options.iter().cloned().zip(shares).collect();
    if rows.len() <= MAX_ROWS {
        return rows;
    }
    let sum = |row: &(String, Vec<f64>)| row.1.iter().sum::<f64>();
    // A stable sort: of equals the earlier.
    rows.sort_by(|a, b| sum(b).total_cmp(&sum(a)));
    let rest = rows.split_off(MAX_ROWS - 1);
    let windows = rest.first().map_or(0, |row| row.1.len());
    let summed = (0..windows)
        .map(|w| rest.iter().map(|row| row.1[w]).sum())
        .collect();
    rows.push((format!("{} others", rest.len()), summed));
    rows
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::tests::trial;
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("o{n}")).collect()
    }

    #[test]
    fn shares_of_a_window_sum_to_one() {
        let decisions = [
            Decision::new("a", "op", names(3)),
            Decision::new("b", "", names(2)),
            Decision::new("c", "op", names(3)),
        ];
        let (together, alone, within) = panels(&decisions);
        assert_eq!(together[0].title, "op (2 decisions)");
        assert_eq!((alone.len(), within.len()), (1, 2));
        let trials: Vec<Trial> = [[0, 1, 2], [0, 1, 0], [1, 0, 1]]
            .iter()
            .enumerate()
            .map(|(id, choices)| {
                let mut trial = trial(id as u64, 0.5);
                trial.proposal.choices = choices.to_vec();
                trial
            })
            .collect();
        let trials: Vec<&Trial> = trials.iter().collect();
        let found = shares(&together[0], &trials, 2);
        assert_eq!(found, [[0.5, 0.5], [0.0, 0.5], [0.5, 0.0]]);
        assert_eq!(
            shares(&alone[0], &trials, 1),
            [[1.0 / 3.0], [1.0 / 3.0 + 1.0 / 3.0]]
        );
    }

    #[test]
    fn rare_options_are_combined() {
        let shares: Vec<Vec<f64>> = (0..20).map(|n| vec![f64::from(n) / 190.0]).collect();
        let rows = shown(&names(20), shares);
        assert_eq!((rows.len(), rows[0].0.as_str()), (14, "o19"));
        let all: f64 = rows.iter().map(|row| row.1[0]).sum();
        assert!(rows[13].0 == "7 others" && (all - 1.0).abs() < 1e-12);
    }
}
