//! What a report on a search must say to be believed, by Lindauer & Hutter ("Best practices for
//! scientific research on neural architecture search", 2020), as far as the records tell.

use maud::{Markup, html};

use super::Recorded;
use super::evidence::{trained_pairs, within_architectures};
use crate::page::{self, plural};

/// What the records say of a point.
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
                Answer::Yours => "yours to say",
            };
            (*point, html! { b { (answer) } ": " (text) })
        })
        .collect();
    let body = html! {
        p {
            "The checklist of Lindauer & Hutter (2020) for publications on architecture search, filled in from the \
             records: " (count(Answer::Yes)) " yes, " (count(Answer::No)) " no, "
            (plural(count(Answer::Yours), "point")) " that only you can answer."
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
    let is_random = other.is_some_and(|it| it.controller == "random");
    let is_same_machine =
        other.is_some_and(|it| it.machines == run.machines && !run.machines.is_empty());
    let against = |text: &str| {
        other.map_or("nothing is compared".to_owned(), |it| {
            format!("{text} as {}", it.name)
        })
    };
    let repeats = within_architectures(&run.trials);
    let trained = trained_pairs(run).len();
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
            yes_if(other.is_some()),
            against("the same task, schedule and data"),
        ),
        (
            "no confounding factors: hardware, versions, time",
            yes_if(is_same_machine),
            against(if is_same_machine {
                "the same machines and version"
            } else {
                "other machines or versions"
            }),
        ),
        ("ablation studies", Yours, "one run cannot show them".into()),
        (
            "performance over time, not only at the end",
            Yes,
            "see reward over trials".into(),
        ),
        (
            "random search at equal budget",
            yes_if(is_random),
            match is_random {
                true => "see another controller, above".into(),
                false => "search with --baseline random".into(),
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
            repeats.map_or("set run.repeats".into(), |it| {
                format!("standard deviation {:.4}", it.deviation)
            }),
        ),
        (
            "a tabular benchmark for what is too dear to repeat",
            Yours,
            "`nasfw bench search` measures the controller on one".into(),
        ),
        (
            "how settings were tuned, and at what cost",
            Yours,
            "the records do not tell".into(),
        ),
        (
            "the time of the whole, not only of the search",
            yes_if(spent && trained > 0),
            match (spent, trained) {
                (false, _) => "recorded when a search ends or is stopped".into(),
                (true, 0) => {
                    "that of the search is above; name the final trainings with --trained MODEL"
                        .into()
                }
                (true, n) => format!(
                    "that of the search is above; {} trained in full",
                    plural(n, "architecture")
                ),
            },
        ),
        (
            "hardware and the rest of the setup",
            yes_if(!run.machines.is_empty()),
            "see machines, above, and configuration, below".into(),
        ),
    ]
}
