//! One training step of a decoder on encoder features, as in the first stage of a search.

use std::sync::Arc;

use dfdx::prelude::{Backward, OwnedTape, PutTape};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{Label, Loss, Optimiser, Result as SdkResult, Seed, Size, TargetScale};
use rand::RngExt;

use super::{Reference, Timed, named, random_values};
use nasfw_network::Result;
use nasfw_network::fit::{Batch, Factors, Objective, Optimisers, quarter, train_step, upload};
use nasfw_network::kernels::{DeviceOf, Kernels, MapShape, device_result};
use nasfw_network::{Array, Network, Weights};

/// The label of ignored pixels, as in PASCAL VOC.
const IGNORE: u8 = 255;

/// A decoder with one batch of random features and classes.
#[derive(Debug)]
pub struct DecoderStep<K: Kernels> {
    network: Network<K>,
    optimisers: Optimisers<K>,
    objective: Objective<'static>,
    batch: Batch,
}

impl<K: Kernels> DecoderStep<K> {
    /// Takes the decoder of `graph`, a network with an encoder, on features of `batch` square crops
    /// of `crop_px`; the loss is the method's for segmentation: cross-entropy at a quarter of the
    /// crop, auxiliary outputs at 0.15, clipping at 3, Adam.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(
        kernels: K,
        graph: &Graph,
        batch: usize,
        crop_px: usize,
        seed: Seed,
    ) -> Result<Self> {
        let mut rng = seed.stream("timing/step");
        let decoder = graph.after_encoder()?;
        let network = Network::new(kernels, &decoder, &mut rng)?;
        let inputs = feature_shapes(graph, &decoder, batch, crop_px)?
            .into_iter()
            .map(|shape| (shape, random_values(shape, &mut rng).into()))
            .collect();
        let main = decoder.outputs().first().map_or(0, |o| o.node);
        let classes = decoder.channels(main).clamp(1, usize::from(IGNORE)) as u8;
        let side = quarter(crop_px);
        let labels = (0..batch)
            .map(|_| {
                let values = (0..side * side)
                    .map(|_| rng.random_range(0..classes))
                    .collect();
                Arc::new(Label::Classes {
                    width: side,
                    height: side,
                    values,
                })
            })
            .collect();
        let adam = Optimiser::Adam {
            lr: 3e-3,
            weight_decay: 1e-5,
        };
        Ok(Self {
            optimisers: Optimisers::new(&network, adam, adam, 3.0)?,
            network,
            objective: Objective {
                loss: Loss::CrossEntropy { ignore: IGNORE },
                custom: None,
                auxiliary: 0.15,
                distillation: 0.0,
                targets: TargetScale::Quarter,
                crop_px,
            },
            batch: Batch {
                inputs,
                labels,
                teacher: None,
            },
        })
    }

    /// Runs forward, losses, backward, clipping and Adam; returns the loss before the update.
    ///
    /// # Errors
    /// When the device fails.
    pub fn run(&mut self) -> Result<f32> {
        train_step(
            &mut self.network,
            &mut self.optimisers,
            &self.batch,
            &self.objective,
            Factors::all(1.0),
        )
    }
}

impl<K: Kernels> Timed for DecoderStep<K> {
    fn run(&mut self) -> Result<()> {
        let kernels = self.network.kernels().clone();
        kernels.guard(|| {
            Self::run(self)?;
            kernels.wait()
        })
    }

    /// Runs a forward and backward pass with the current weights, without an update.
    fn reference(&mut self) -> Result<Reference> {
        let weights = self.network.parameters().weights();
        let kernels = self.network.kernels().clone();
        let inputs = upload(&kernels, &self.batch)?;
        let mut tape = OwnedTape::<f32, DeviceOf<K>>::default();
        let maps = self.network.forward_train(&inputs, &mut tape)?;
        let declared = self.network.graph().outputs();
        let loss = (self.objective).loss(&kernels, declared, &maps, &self.batch, &mut tape)?;
        let mut outputs = named("output", &maps);
        let (shape, values) = (Vec::new(), loss.as_vec());
        outputs.insert("loss", Array { shape, values });
        let found = device_result(loss.put_tape(tape).try_backward())?;
        let mut gradients = Weights::default();
        for p in self.network.parameters().iter().filter(|p| p.is_live) {
            let values = found.get(&p.value).as_vec();
            let shape = p.shape.clone();
            gradients.insert(&p.name, Array { shape, values });
        }
        let mut given = named("input", &inputs);
        let side = quarter(self.objective.crop_px);
        let classes = self.batch.labels.iter().flat_map(|label| match &**label {
            Label::Classes { values, .. } => values.clone(),
            _ => Vec::new(),
        });
        let labels = Array {
            shape: vec![self.batch.labels.len(), side, side],
            values: classes.map(f32::from).collect(),
        };
        given.insert("labels", labels);
        Ok(Reference {
            graph: self.network.graph().clone(),
            weights,
            inputs: given,
            outputs,
            gradients,
        })
    }
}

/// The shapes of a decoder's inputs behind the encoder of `graph`.
fn feature_shapes(
    graph: &Graph,
    decoder: &Graph,
    batch: usize,
    crop_px: usize,
) -> SdkResult<Vec<MapShape>> {
    let channels = decoder.inputs().map(|(id, _)| decoder.channels(id));
    let Some(encoder) = graph.encoder()? else {
        return Ok(channels
            .map(|c| MapShape::new(batch, crop_px, crop_px, c))
            .collect());
    };
    let sizes = encoder.sizes(&[Size::square(crop_px)]);
    let mut ends: Vec<usize> = encoder.outputs().iter().map(|o| o.node).collect();
    ends.sort_unstable();
    Ok((ends.into_iter().map(|end| sizes[end]).zip(channels))
        .map(|(size, c)| MapShape::new(batch, size.height, size.width, c))
        .collect())
}
