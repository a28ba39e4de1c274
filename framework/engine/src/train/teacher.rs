//! The teacher of a full training: a finished model of the same task and channels.

use crate::config::Config;
use crate::error::{Error, Result};
use crate::experiment::Setup;
use nasfw_model::{Model, Normalisation};
use nasfw_network::Network;
use nasfw_network::kernels::Kernels;

/// A teacher, ready for use.
pub(super) struct Teacher<K: Kernels> {
    pub(super) network: Network<K>,
    /// BLAKE3 of its weights.
    pub(super) blake3: String,
}

/// Loads the model that `train.teacher` names, if any and if `train.distillation` is above 0.
///
/// # Errors
/// When it cannot be read, or does not fit as a teacher.
pub(super) fn load<K: Kernels>(
    kernels: K,
    config: &Config,
    setup: &Setup,
) -> Result<Option<Teacher<K>>> {
    let Some(folder) = (config.train.teacher.as_ref()).filter(|_| config.train.distillation > 0.0)
    else {
        return Ok(None);
    };
    let model = Model::load(folder).map_err(|e| Error::Config {
        file: None,
        message: format!("train.teacher: {e}"),
    })?;
    let distilled = model.description();
    let wrong = |message: String| {
        let folder = folder.display();
        Err(Error::Config {
            file: None,
            message: format!("train.teacher {folder}: {message}"),
        })
    };
    let (theirs, ours) = (&distilled.task.name, &config.task.name);
    if theirs != ours {
        return wrong(format!(
            "its task is {theirs}, but this training is for {ours}; name a model of the same task"
        ));
    }
    let channels = distilled.graph.channels(distilled.graph.main().node);
    let wanted = setup.io.output_channels;
    if channels != wanted {
        return wrong(format!(
            "it has {channels} output channels, but this training has {wanted}; name a model of \
             the same classes or joints"
        ));
    }
    let info = &setup.source.info;
    let names = [
        (&distilled.data.classes, &info.classes),
        (&distilled.data.joints, &info.joints),
    ];
    for (theirs, ours) in names {
        if let Some((their, our)) = theirs.iter().zip(ours).find(|(a, b)| a != b) {
            return wrong(format!(
                "its `{their}` is `{our}` in this data; name a model with the same classes or joints \
                 in the same order"
            ));
        }
    }
    if distilled.normalisation != Normalisation::default() {
        return wrong(
            "its images are normalised differently; name a model that this program trained".into(),
        );
    }
    Ok(Some(Teacher {
        network: model.network(kernels)?,
        blake3: distilled.weights.blake3.clone(),
    }))
}
