//! The description of a finished model.

use nasfw_data::DataConfig;
use nasfw_sdk::graph::Graph;

use super::best::BestModel;
use super::checkpoint::TrainInputs;
use crate::experiment::Setup;
use nasfw_model::{DataOrigin, Description, InputSize, Normalisation, Provenance, WeightsFile};

/// Describes the network `graph` with the best weights, `best_model`.
pub(super) fn description(
    setup: &Setup,
    origin: &TrainInputs,
    best_model: &BestModel,
    graph: Graph,
) -> Description {
    let (config, train) = (&setup.config, &setup.config.train);
    Description {
        format: Description::FORMAT,
        task: config.task.clone(),
        labels: setup.task().labels(),
        data: setup.source.info.clone(),
        normalisation: Normalisation::default(),
        input: InputSize {
            height_px: train.crop_px,
            width_px: train.crop_px,
            shorter_side_px: train.shorter_side_px,
        },
        metrics: Some(best_model.metrics.clone()),
        provenance: Provenance {
            nasfw_version: env!("CARGO_PKG_VERSION").into(),
            genotype: origin.genotype.clone(),
            space: config.space.clone(),
            plugins: config.plugins.clone(),
            seed: config.run.seed,
            data_fingerprint: setup.source.fingerprint.clone(),
            data_origin: match (&config.data.path, setup.task().data()) {
                (Some(_), _) => DataOrigin::Folder,
                (None, Some(_)) => DataOrigin::Task,
                (None, None) => DataOrigin::Generator,
            },
            data: DataConfig {
                path: None,
                ..config.data.clone()
            },
            epoch: best_model.epoch,
            epochs: train.epochs,
            is_encoder_warm: origin.is_encoder_warm,
            teacher: origin.teacher.clone(),
        },
        weights: WeightsFile::default(),
        graph,
    }
}
