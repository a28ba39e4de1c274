//! The whole page.

use std::fmt::Write;

use nasfw_engine::config::Preset;

use crate::source::Source;
use crate::table::{Presets, write};

const HEAD: &str = "\
# Settings

Every key, as `--set KEY=VALUE` takes it. In a file that `--config` names, the part before the last dot is the table:

```toml
[schedule.stage0]
epochs = 8
```

Later values win: built-in defaults, preset, `--config FILE`, `--set KEY=VALUE`, flags such as `--trials`. `demo` is the
preset unless `--preset paper` is given; a file of encoder weights sets width and variant of the encoder over the preset. What
a search used in the end is in the `config.toml` of its folder. A value out of range, an unknown key or member is an error that
names it before anything begins.

Sizes in pixels end in `_px`, seconds in `_secs`, MiB in `_mb`. — means that the key belongs to another choice than the
preset's, such as the momentum of an optimiser that has none.

This page is written by `NASFW_WRITE=1 cargo test --test settings`, from the code and its doc comments.

";

/// Introduction to a kind of members.
fn intro(kind: &str) -> &'static str {
    match kind {
        "space" => "The search space, by the plugin that brings it: `--plugin NAME`.",
        "task" => "What networks are for: `--task NAME`.",
        "controller" => "What proposes architectures: `--controller NAME`.",
        _ => "What evaluates architectures, and for how long: `--schedule NAME`.",
    }
}

/// The setting that selects a member.
pub(crate) fn choice(kind: &str, name: &str) -> String {
    let key = if kind == "space" { "plugin" } else { "name" };
    format!("{kind}.{key}={name}")
}

/// The whole page.
pub(crate) fn page(source: &Source) -> String {
    let mut out = HEAD.to_owned();
    let config = source.fields("Config").unwrap();
    let (tables, plain): (Vec<_>, Vec<_>) = config.iter().partition(|f| is_table(source, f));
    let presets = presets(&[]);
    out.push_str("## Without a table\n\n");
    let plain: Vec<_> = plain.into_iter().cloned().collect();
    write(&mut out, source, "", &plain, &presets);
    for table in tables {
        let name = &table.name;
        let fields = source.fields(&crate::source::last(&table.of)).unwrap();
        let is_family = fields.iter().any(|f| f.is_flat);
        writeln!(out, "## {name}\n").unwrap();
        if is_family {
            writeln!(out, "{}\n", intro(name)).unwrap();
        } else {
            writeln!(out, "{}\n", table.doc).unwrap();
        }
        write(&mut out, source, &format!("{name}."), fields, &presets);
        if is_family {
            members(&mut out, source, name);
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn members(out: &mut String, source: &Source, kind: &str) {
    for member in source.members(kind) {
        let name = member.chosen_by();
        let (first, rest) = member.about.split_at(1);
        let first = first.to_uppercase();
        writeln!(out, "### {kind} {name}\n\n{first}{rest}.\n").unwrap();
        let fields = source.settings(&member);
        if fields.is_empty() {
            out.push_str("It has no settings.\n\n");
            continue;
        }
        let presets = presets(&[choice(kind, name)]);
        write(out, source, &format!("{kind}."), fields, &presets);
    }
}

fn is_table(source: &Source, field: &crate::source::Field) -> bool {
    source.fields(&crate::source::last(&field.of)).is_some()
}

fn presets(choices: &[String]) -> Presets {
    Presets {
        demo: crate::resolved(Preset::Demo, choices),
        paper: crate::resolved(Preset::Paper, choices),
    }
}
