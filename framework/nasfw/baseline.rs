//! The search of another controller beside a run, to compare with.

use std::path::Path;

use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::experiment::GivenMembers;
use nasfw_engine::search::{self, Changes, Resources, Summary};
use nasfw_engine::store::{baseline_folder, is_run};
use nasfw_engine::{Config, Error, Event, Observer, Result};
use nasfw_sdk::registry::ControllerEntry;

/// The settings of the search beside that of `config`, if it wants one: another controller with its
/// default settings, told of no architecture before.
///
/// # Errors
/// When no controller has the name.
pub(crate) fn settings(config: &Config) -> Result<Option<Config>> {
    let Some(controller) = &config.run.baseline else {
        return Ok(None);
    };
    let wrong = |message: String| Error::Config {
        file: None,
        message: format!("run.baseline: {message}"),
    };
    ControllerEntry::find(controller).map_err(|e| wrong(e.to_string()))?;
    if *controller == config.controller.name {
        return Err(wrong(format!(
            "{controller} is the controller of the run itself; name another one, usually random, or leave it out"
        )));
    }
    let layers = Layers::new(Preset::None).text(&config.to_toml(), "the run's settings")?;
    let mut config = layers
        .flag("run.baseline", "controller.name", controller.as_str())
        .resolve()?;
    config.run.baseline = None;
    config.run.prior.clear();
    Ok(Some(config))
}

/// Makes the search beside the run in the folder `run`, or continues it with `changes`, where the run
/// wants one.
///
/// # Errors
/// As [`search::run`] and [`search::resume`].
pub(crate) fn search_beside(
    (config, changes): (&Config, &Changes),
    run: &Path,
    given: &GivenMembers,
    resources: Resources,
    observer: &mut dyn Observer,
) -> Result<Option<Summary>> {
    let Some(config) = settings(config)? else {
        return Ok(None);
    };
    let folder = baseline_folder(run);
    let text = format!(
        "baseline: {} trials of {}",
        config.run.trials, config.controller.name
    );
    observer.on(&Event::Note { text: &text });
    let observer = &mut Beside(observer);
    let given = given.without_controller();
    let summary = if is_run(&folder) {
        let changes = Changes {
            trials: Some(config.run.trials),
            ..changes.clone()
        };
        search::resume(&folder, &changes, &given, resources, observer)
    } else {
        search::run(
            &config,
            &given.complete(&config)?,
            &folder,
            resources,
            observer,
        )
    };
    summary.map(Some)
}

/// Passes on what is shown meanwhile, and no trials: who watches a run would take them for its own.
struct Beside<'a>(&'a mut dyn Observer);

impl Observer for Beside<'_> {
    fn on(&mut self, event: &Event<'_>) {
        let is_shown = matches!(
            event,
            Event::Phase { .. } | Event::Step { .. } | Event::PhaseDone | Event::Note { .. }
        );
        if is_shown {
            self.0.on(event);
        }
    }

    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }
}
