//! Reward against parameters and multiply-adds.

use maud::{Markup, html};
use nasfw_engine::{Status, Trial};

use super::Recorded;
use super::rewards::ceiling;
use crate::chart::{Axes, Ink, Mark, draw};
use crate::number::{grouped, short};
use crate::page::{self, Align, HALF, Shape, figure, table};

/// Maximum number of a front's trials in the table.
const SHOWN: usize = 12;

pub(super) fn section(run: &Recorded) -> Markup {
    let complete: Vec<&Trial> = run
        .trials
        .iter()
        .filter(|t| t.status() == Status::Complete && t.reward.is_some())
        .collect();
    if complete.is_empty() {
        return html! {};
    }
    let params = |t: &Trial| t.params() as u64;
    let fronts = [front(&complete, &params), front(&complete, &Trial::macs)];
    let body = html! {
        p {
            "Complete trials only. A trial is on the Pareto front when every trial with an equal \
             or higher reward costs more."
        }
        div.halves {
            (chart("Reward against parameters", "parameters", &complete, &fronts[0], &params))
            (chart("Reward against multiply-adds", "multiply-adds at the evaluated size", &complete,
                &fronts[1], &Trial::macs))
        }
        (front_table(&fronts))
    };
    page::section("costs", "Reward against cost", &body)
}

/// Trials with fewer of `cost` than any of an equal or higher reward, the cheapest first.
fn front<'a>(trials: &[&'a Trial], cost: &dyn Fn(&Trial) -> u64) -> Vec<&'a Trial> {
    let reward = |t: &Trial| t.reward.unwrap_or(f64::NEG_INFINITY);
    let mut sorted = trials.to_vec();
    sorted.sort_by(|a, b| {
        let by_cost = cost(a).cmp(&cost(b));
        by_cost.then(reward(b).total_cmp(&reward(a)))
    });
    let mut front: Vec<&Trial> = Vec::new();
    for trial in sorted {
        if front.last().is_none_or(|best| reward(trial) > reward(best)) {
            front.push(trial);
        }
    }
    front
}

fn chart(
    title: &str,
    x_name: &str,
    trials: &[&Trial],
    front: &[&Trial],
    cost: &dyn Fn(&Trial) -> u64,
) -> Markup {
    let point = |t: &&Trial| (cost(t) as f64, t.reward.unwrap_or(0.0));
    let costs: Vec<f64> = trials.iter().map(|t| cost(t) as f64).collect();
    let min = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let max = costs.iter().copied().fold(0.0, f64::max);
    // A margin even if all costs are equal.
    let room = (0.06 * (max - min)).max(0.02 * max).max(1.0);
    let top = trials.iter().filter_map(|t| t.reward).fold(0.0, f64::max);
    let x_text = |x: &f64| short(x.max(0.0) as u64);
    let axes = Axes {
        x: (min - room).max(0.0)..max + room,
        y: 0.0..ceiling(top),
        x_name,
        y_name: "reward",
        x_text: &x_text,
        y_text: &|y| format!("{y:.2}"),
    };
    let stairs: Vec<(f64, f64)> = front
        .iter()
        .map(point)
        .zip(front.iter().map(point).skip(1).map(Some).chain([None]))
        .flat_map(|(here, next)| [Some(here), next.map(|(x, _)| (x, here.1))])
        .flatten()
        .collect();
    let dots = |points, radius, ink, opacity| Mark::Dots {
        points,
        radius,
        ink,
        opacity,
    };
    let radius = if trials.len() > 400 { 2 } else { 3 };
    let marks = [
        dots(trials.iter().map(point).collect(), radius, Ink::Main, 0.55),
        Mark::Line {
            points: stairs,
            width: 2,
            ink: Ink::Best,
        },
        dots(front.iter().map(point).collect(), 4, Ink::Best, 1.0),
    ];
    let caption = match (front.first(), front.last()) {
        (Some(cheap), Some(best)) => format!(
            "The front runs from {} (reward {:.4}) to {} (reward {:.4}).",
            short(cost(cheap)),
            cheap.reward.unwrap_or(0.0),
            short(cost(best)),
            best.reward.unwrap_or(0.0)
        ),
        _ => String::new(),
    };
    let legend = [
        (Ink::Main, Shape::Dot, "trial"),
        (Ink::Best, Shape::Line, "Pareto front"),
    ];
    figure(title, &caption, HALF, &legend, |size| {
        draw(size, &format!("{title}. {caption}"), &axes, &marks)
    })
}

fn front_table([by_params, by_macs]: &[Vec<&Trial>; 2]) -> Markup {
    let mut members: Vec<&Trial> = by_params.iter().chain(by_macs).copied().collect();
    let reward = |t: &Trial| t.reward.unwrap_or(f64::NEG_INFINITY);
    members.sort_by(|a, b| reward(b).total_cmp(&reward(a)).then(a.id().cmp(&b.id())));
    members.dedup_by_key(|t| t.id());
    let on = |front: &[&Trial], id| {
        if front.iter().any(|t| t.id() == id) {
            "yes"
        } else {
            ""
        }
    };
    let columns = [
        ("trial", Align::Right),
        ("reward", Align::Right),
        ("parameters", Align::Right),
        ("multiply-adds", Align::Right),
        ("front by parameters", Align::Left),
        ("front by multiply-adds", Align::Left),
    ];
    let left_out = members.len().saturating_sub(SHOWN);
    let rows: Vec<Vec<Markup>> = members
        .iter()
        .take(SHOWN)
        .map(|t| {
            vec![
                html! { (t.id()) },
                html! { (t.reward.map_or("–".into(), |r| format!("{r:.4}"))) },
                html! { (grouped(t.params() as u64)) },
                html! { (short(t.macs())) },
                html! { (on(by_params, t.id())) },
                html! { (on(by_macs, t.id())) },
            ]
        })
        .collect();
    let caption = match left_out {
        0 => "Trials on a Pareto front, best first".to_owned(),
        n => format!("Trials on a Pareto front, best first; {n} with lower rewards omitted"),
    };
    table(&caption, &columns, &rows)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::tests::trial;
    use super::*;

    #[test]
    fn nothing_on_the_front_is_beaten() {
        let costs = [
            (0.5, 30),
            (0.4, 10),
            (0.4, 20),
            (0.7, 40),
            (0.6, 50),
            (0.45, 10),
        ];
        let trials: Vec<Trial> = costs
            .iter()
            .enumerate()
            .map(|(id, &(reward, params))| {
                let mut trial = trial(id as u64, reward);
                trial.evaluation.cost.params = params;
                trial
            })
            .collect();
        let all: Vec<&Trial> = trials.iter().collect();
        let ids = |t: Vec<&Trial>| t.iter().map(|t| t.id()).collect::<Vec<_>>();
        assert_eq!(ids(front(&all, &|t| t.params() as u64)), [5, 0, 3]);
        assert!(front(&[], &Trial::macs).is_empty());
    }
}
