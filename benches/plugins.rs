//! Cost of a library: loading it, and calling it compared with the same call built in.

use criterion::{Criterion, criterion_group, criterion_main};
use nasfw_plugin_host::{ProbeProgram, load, open, probe_with};
use nasfw_plugins as _; // Linked so that its items are registered.
use nasfw_sdk::registry::{ControllerEntry, FromConfig, SpaceEntry, TaskEntry};
use nasfw_sdk::{DataInfo, IoChannels, Label, LossBatch, SearchSpace, Seed, Task};
use serde_json::json;

// The same items as in the library, built in under other names.
#[path = "../tests/plugins/guests/kinds/space.rs"]
#[allow(dead_code, reason = "called through the registry only")]
mod space;

/// The library of the example `rude`, whose items are those of `kinds` under other names.
fn library() -> Option<String> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?.parent()?.join("examples");
    let name = format!(
        "{}rude{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    folder.join(name).to_str().map(str::to_owned)
}

fn all(criterion: &mut Criterion) {
    let program = env!("CARGO_BIN_EXE_nasfw").into();
    let args = vec!["__nasfw-probe".into()];
    probe_with(ProbeProgram { program, args });
    let Some(path) = library() else {
        return;
    };
    if let Err(e) = load(&path) {
        eprintln!("{e}; build it first: cargo build --release --example rude");
        return;
    }
    let mut group = criterion.benchmark_group("plugins");
    // Libraries stay loaded, so only a few.
    group.sample_size(10);
    group.bench_function("load", |bench| bench.iter(|| open(&path).is_ok()));
    group.finish();
    if let Err(e) = calls(criterion) {
        eprintln!("{e}");
    }
}

fn calls(criterion: &mut Criterion) -> nasfw_sdk::Result<()> {
    let mut group = criterion.benchmark_group("calls");
    let library = (SpaceEntry::find("rude-space")?.build)(&json!({}))?;
    let built_in = space::Tiny::from_config(space::TinyConfig::default())?;
    let choices = library.schema().choices(vec![2, 1, 1])?;
    let io = IoChannels::rgb(21);
    group.bench_function("genotype", |bench| {
        bench.iter(|| library.genotype(&choices).is_ok())
    });
    group.bench_function("decode", |bench| {
        bench.iter(|| library.decode(&choices, &io).is_ok());
    });
    group.bench_function("decode, built in", |bench| {
        bench.iter(|| built_in.decode(&choices, &io).is_ok());
    });
    // The schema of the built-in space, with its 19 decisions.
    let segm = (SpaceEntry::of_plugin("segm")?.build)(&json!({}))?;
    let mut rng = Seed(1).stream("bench");
    let entry = ControllerEntry::find("rude-controller")?;
    let mut controller = (entry.build)(&json!({}), segm.schema(), &mut rng)?;
    group.bench_function("propose", |bench| {
        bench.iter(|| controller.propose(&mut rng).is_ok())
    });
    custom_loss(
        &mut group,
        &*(TaskEntry::find("rude-task")?.build)(&json!({}))?,
    )?;
    group.finish();
    Ok(())
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// A loss on 32 maps of 24 x 24, as in a step of the demo.
fn custom_loss(group: &mut Group<'_>, task: &dyn Task) -> nasfw_sdk::Result<()> {
    let (batch, side) = (32, 24);
    let channels = task.output_channels(&DataInfo::default())?;
    let outputs = vec![0.5; batch * side * side * channels];
    let truth = Label::Depth {
        width: side,
        height: side,
        values: vec![1.0; side * side],
    };
    let truths = vec![truth; batch];
    let of = LossBatch {
        batch,
        height: side,
        width: side,
        channels,
        outputs: &outputs,
        truths: &truths,
    };
    let mut gradient = vec![0.0; outputs.len()];
    task.custom_loss(&of, &mut gradient)?;
    group.bench_function("loss of 32 maps of 24 x 24", |bench| {
        bench.iter(|| task.custom_loss(&of, &mut gradient).is_ok());
    });
    Ok(())
}

criterion_group!(benches, all);
criterion_main!(benches);
