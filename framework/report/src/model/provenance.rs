//! The origin of a model.

use maud::{Markup, html};
use nasfw_model::Description;

use crate::page::{self, facts};

pub(super) fn section(model: &Description) -> Markup {
    let from = &model.provenance;
    let code = |text: &str| html! { code { (text) } };
    let names = model.channel_names();
    let space = serde_json::to_string(&from.space.settings).unwrap_or_default();
    let task = serde_json::to_string(&model.task.settings).unwrap_or_default();
    let triple = |v: [f32; 3]| v.map(|x| x.to_string()).join(", ");
    let mut rows = vec![
        ("trained by", html! { "nasfw " (from.nasfw_version) }),
        ("seed", html! { (from.seed) }),
        (
            "encoder",
            html! { @if from.is_encoder_warm { "initialised from given or warmed-up weights" }
            @else { "random initialisation" } },
        ),
        ("data fingerprint", code(&from.data_fingerprint)),
        ("weights, BLAKE3", code(&model.weights.blake3)),
        ("space settings", code(&space)),
        ("task settings", code(&task)),
        (
            "normalisation",
            html! { "(pixel / 255 − mean) / std, mean " (triple(model.normalisation.mean))
            ", std " (triple(model.normalisation.std)) },
        ),
    ];
    if !names.is_empty() {
        rows.push(("output channels", html! { (names.join(", ")) }));
    }
    for library in &from.plugins {
        rows.push(("library", code(library)));
    }
    page::section("provenance", "Provenance", &facts(&rows))
}
