//! Metrics per class or joint.

use std::collections::BTreeSet;

use maud::{Markup, html};
use nasfw_model::Description;
use nasfw_sdk::LabelKind;

use crate::number::metric;
use crate::page::{self, Align, table};

/// The section; empty if the task has no such metrics.
pub(super) fn section(model: &Description) -> Markup {
    let Some(metrics) = &model.metrics else {
        return html! {};
    };
    let names: BTreeSet<&str> = metrics.items().map(|(name, ..)| name).collect();
    if names.is_empty() {
        return html! {};
    }
    let (what, known) = match model.labels {
        LabelKind::Keypoints => ("joint", &model.data.joints),
        _ => ("class", &model.data.classes),
    };
    let mut items: Vec<&str> = known.iter().map(String::as_str).collect();
    for (_, item, _) in metrics.items() {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    let mut columns = vec![(what, Align::Left)];
    columns.extend(names.iter().map(|name| (*name, Align::Right)));
    let rows: Vec<Vec<Markup>> = items
        .iter()
        .map(|item| {
            let values = names.iter().map(|name| {
                let value = metrics.get(&format!("{name}/{item}"));
                html! { (value.map_or("–".into(), metric)) }
            });
            std::iter::once(html! { (item) }).chain(values).collect()
        })
        .collect();
    let caption = "– = does not occur in the validation split.";
    let heading = format!("By {what}");
    page::section("items", &heading, &table(caption, &columns, &rows))
}
