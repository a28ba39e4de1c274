//! Points that a report on a search must cover to be believed, by Lindauer & Hutter ("Best practices for
//! scientific research on neural architecture search", 2020), as far as the records tell.

use maud::{Markup, html};

use super::Recorded;
use super::evidence::within_architectures;
use crate::page::{self, plural};

/// The answer of the records to a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// Only whoever publishes the run knows.
    Yours,
}

type Row = (&'static str, Answer, String);

pub(super) fn section(run: &Recorded) -> Markup {
    let rows = rows(run);
    let count = |answer| rows.iter().filter(|row| row.1 == answer).count();
    let facts: Vec<(&str, Markup)> = rows
        .iter()
        .map(|(point, answer, text)| {
            let answer = match answer {
                Answer::Yes => "yes",
                Answer::No => "no",
                Answer::Yours => "for you to answer",
            };
            (*point, html! { b { (answer) } ": " (text) })
        })
        .collect();
    let body = html! {
        p {
            "The checklist of Lindauer & Hutter (2020) for publications on architecture search, filled in from the \
             records: " (count(Answer::Yes)) " yes, " (count(Answer::No)) " no, "
            (plural(count(Answer::Yours), "point")) " for you to answer."
        }
        (page::facts(&facts))
    };
    page::section("checklist", "For a publication", &body)
}

fn rows(run: &Recorded) -> Vec<Row> {
    use Answer::{No, Yes, Yours};
    let yes_if = |is: bool| if is { Yes } else { No };
    let named = |path: &[&str]| run.setting(path).unwrap_or_else(|| "unknown".into());
    let version = run.version.clone().unwrap_or_else(|| "unknown".into());
    let seed = named(&["run", "seed"]);
    let libraries = run
        .settings
        .get("plugins")
        .and_then(|p| p.as_array())
        .map_or(0, Vec::len);
    let code = match libraries {
        0 => format!("all of it is nasfw {version}"),
        1 => format!("nasfw {version} and a library, whose hash is below"),
        n => format!("nasfw {version} and {n} libraries, whose hashes are below"),
    };
    let other = run.baseline.as_ref();
    let differences = other.map_or(&[][..], |it| &it.differences);
    let is_same = other.is_some() && differences.iter().all(|key| key.starts_with("run."));
    let is_same_machine =
        other.is_some_and(|it| it.machines == run.machines && !run.machines.is_empty());
    let is_equal_budget = other.is_some_and(|it| {
        it.controller == "random" && it.trials.len() == run.trials.len() && it.contenders.is_some()
    });
    let against = |is: bool, same: &str, different: &str| match other {
        None => "nothing is compared".to_owned(),
        Some(it) if is => format!("{same} as {}", it.name),
        Some(it) => format!("{different} than {}", it.name),
    };
    let other_settings = format!("other settings ({})", differences.join(", "));
    let repeats = within_architectures(&run.trials);
    let spent = !run.spent.is_empty();
    vec![
        (
            "code of the training pipeline, the search space and the method",
            Yes,
            code,
        ),
        (
            "settings and seeds of the search and of the final training",
            Yes,
            format!("all settings are below, seed {seed}; model folders record theirs"),
        ),
        (
            "the same data, split, space and training for all that is compared",
            yes_if(is_same),
            against(is_same, "the same settings and data", &other_settings),
        ),
        (
            "no confounding factors: hardware, versions, time",
            yes_if(is_same_machine),
            against(
                is_same_machine,
                "the same machines and version",
                "other machines or versions",
            ),
        ),
        ("ablation studies", Yours, "one run cannot show them".into()),
        (
            "performance over time, not only at the end",
            Yes,
            "see reward over trials".into(),
        ),
        (
            "random search at equal budget",
            yes_if(is_equal_budget),
            match other {
                _ if is_equal_budget => "see another controller, above".into(),
                Some(it) if it.controller == "random" => format!(
                    "{} against {} of random search",
                    plural(run.trials.len(), "trial"),
                    it.trials.len()
                ),
                _ => "search with --baseline random".into(),
            },
        ),
        (
            "several runs, with their seeds",
            Yours,
            format!("this page is of one run, seed {seed}"),
        ),
        (
            "the noise of one architecture over seeds",
            yes_if(repeats.is_some()),
            repeats.map_or("no architecture completed all stages twice".into(), |it| {
                format!("standard deviation {:.4}", it.deviation)
            }),
        ),
        (
            "a tabular benchmark for what is too expensive to repeat",
            Yours,
            "nasfw bench search measures the controller on one".into(),
        ),
        (
            "how settings were tuned, and at what cost",
            Yours,
            "not in the records".into(),
        ),
        (
            "the time of the whole, not only of the search",
            if spent { Yours } else { No },
            match spent {
                false => "recorded when a search ends or is stopped".into(),
                true => {
                    "that of the search is above; times of final trainings are not in the records"
                        .into()
                }
            },
        ),
        (
            "hardware and the rest of the setup",
            yes_if(!run.machines.is_empty()),
            "see machines, above, and configuration, below".into(),
        ),
    ]
}
