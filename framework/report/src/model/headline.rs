//! Purpose, overall metrics, cost, and commands for the next steps.

use maud::{Markup, html};
use nasfw_model::Description;
use nasfw_sdk::Size;
use nasfw_sdk::registry::TaskEntry;

use crate::number::{grouped, metric, short};
use crate::page::{commands, tile};

pub(super) fn section(model: &Description, name: &str, shown: &str) -> Markup {
    let crop = Size::new(model.input.width_px, model.input.height_px);
    let cost = model.graph.cost(crop);
    let at = format!("at {crop} px");
    let mib = cost.peak_activation_bytes as f64 / f64::from(1 << 20);
    let stride = match cost.output_stride {
        0 => "a single pixel".into(),
        stride => format!("1/{stride}"),
    };
    let lines = [
        format!("nasfw eval --model {shown} --data FOLDER"),
        format!("nasfw predict --model {shown} --image photo.jpg --out predictions"),
        format!("nasfw export --model {shown} --onnx network.onnx"),
        format!("nasfw export --model {shown} --svg architecture.svg"),
    ];
    html! {
        header {
            h1 { "Model " (name) }
            p.lead { "task " b { (model.task.name) } " · plugin "
                b { (model.provenance.space.plugin) }
                " · epoch " b { (model.provenance.epoch) } " of " (model.provenance.epochs)
                " · seed " b { (model.provenance.seed) } }
            dl.tiles {
                (metrics(model))
                (tile("parameters", &short(cost.params as u64), &grouped(cost.params as u64)))
                (tile("multiply-adds", &short(cost.macs), &at))
                (tile("activation memory", &format!("{mib:.1} MiB"), &format!("peak, {at}")))
                (tile("output", &stride, "of the input"))
            }
            p.note { "Metrics of the validation split, at the epoch that they selected." }
            h3 { "Next steps" }
            (commands(&lines))
        }
    }
}

/// The overall metrics, the task's headline first.
fn metrics(model: &Description) -> Markup {
    let Some(metrics) = &model.metrics else {
        return html! {};
    };
    let task = TaskEntry::find(&model.task.name);
    let task = task.and_then(|entry| (entry.build)(&model.task.settings));
    let first = task.map(|t| t.headline()).unwrap_or_default();
    html! {
        @for (name, value) in metrics.headline_first(first) { (tile(name, &metric(value), "")) }
    }
}
