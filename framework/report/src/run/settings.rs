//! Configuration, seed, versions.

use maud::{Markup, html};

use super::Recorded;
use crate::page::{self, date, facts};

pub(super) fn section(run: &Recorded) -> Markup {
    let unknown = || "unknown".to_owned();
    let code = |text: &str| html! { code { (text) } };
    let mut rows = vec![
        (
            "seed",
            html! { (run.setting(&["run", "seed"]).unwrap_or_else(unknown)) },
        ),
        (
            "created by",
            html! { "nasfw " (run.version.clone().unwrap_or_else(unknown)) },
        ),
    ];
    if let Some(made) = run.made_unix_secs {
        rows.push(("started", html! { (date(made)) }));
    }
    if let Some(data) = &run.data_fingerprint {
        rows.push(("data fingerprint", code(data)));
    }
    if let Some(outputs) = run.outputs {
        rows.push(("output channels", html! { (outputs) }));
    }
    rows.push(("configuration, BLAKE3", code(&hash(&run.config_text))));
    let libraries = run.settings.get("plugins").and_then(|p| p.as_array());
    for library in libraries.into_iter().flatten() {
        rows.push(("library", code(library.as_str().unwrap_or_default())));
    }
    let body = html! {
        (facts(&rows))
        details {
            summary { "Complete configuration (TOML)" }
            pre tabindex="0" { code { (run.config_text) } }
        }
    };
    page::section("settings", "Configuration", &body)
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}
