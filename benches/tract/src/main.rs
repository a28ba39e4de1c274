//! Compares exported networks in tract with nasfw's evaluation: the three published architectures
//! and fifty random ones, with random weights and shifted statistics, at several sizes.
//!
//! With a folder as argument, it writes models, inputs and outputs there instead, for ONNX Runtime
//! (`benches/peer/exported.py` reads them).

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use dfdx::prelude::TensorFromVec;
use nasfw_engine::config::{Layers, MemberConfig, Preset};
use nasfw_model::export::onnx::{Normalise, Options, to_onnx};
use nasfw_model::{
    DataOrigin, Description, InputSize, Model, Normalisation, Provenance, WeightsFile,
};
use nasfw_network::kernels::{CpuKernels, Kernels, map_shape};
use nasfw_network::{Array, Network, Weights};
use nasfw_plugins as _;
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{DataInfo, IoChannels, LabelKind, Rng, Seed, testing};
use rand::RngExt;
use tract_onnx::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PUBLISHED: [&str; 3] = [
    "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]",
    "[[2,[1,0,3,6],[0,1,2,8],[2,0,6,1]],[[2,3],[3,1],[4,4]]]",
    "[[5,[0,0,4,1],[3,2,0,1],[5,6,5,0]],[[1,3],[4,3],[2,2]]]",
];
const RANDOM: usize = 50;
/// Batch, height, width.
const SIZES: [(usize, usize, usize); 4] = [(1, 64, 64), (2, 65, 47), (1, 33, 97), (1, 7, 5)];
const OUTPUTS: usize = 5;
const TOLERANCE: f32 = 1e-4;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let config = Layers::new(Preset::None)
        .set(&["space.width=16".into(), "space.encoder.width=0.5".into()])?
        .resolve()?;
    let space = config.make_space()?;
    let mut genotypes: Vec<String> = PUBLISHED.map(str::to_owned).to_vec();
    let mut rng = Seed(1).stream("genotypes");
    for _ in 0..RANDOM {
        let choices = testing::random_choices(space.schema(), &mut rng);
        genotypes.push(space.genotype(&choices)?);
    }
    let mut worst = 0.0_f32;
    for (at, genotype) in genotypes.iter().enumerate() {
        let graph = space.decode(&space.parse(genotype)?, &IoChannels::rgb(OUTPUTS))?;
        let mut rng = Seed(at as u64).stream("weights");
        let model = model(&config, genotype, graph.without_auxiliary(), &mut rng)?;
        for (which, &size) in SIZES.iter().enumerate() {
            // Both options of normalisation, and a fixed size in every other case.
            let options = Options {
                normalise: [Normalise::Inside, Normalise::Outside][(at + which) % 2],
                size: (which % 2 == 1).then_some((size.1, size.2)),
            };
            let case = Case::new(&model, size, &mut rng)?;
            let bytes = to_onnx(&model, &options)?;
            match &folder {
                Some(folder) => case.write(&folder.join(format!("{at:02}-{which}")), &bytes)?,
                None => {
                    let error = case.error_in_tract(&bytes, &options)?;
                    worst = worst.max(error);
                    if error.is_nan() || error > TOLERANCE {
                        return Err(
                            format!("{genotype} at {size:?}, {options:?}: {error:e}").into()
                        );
                    }
                }
            }
        }
        println!(
            "{:>2} of {}  worst so far {worst:.1e}  {genotype}",
            at + 1,
            genotypes.len()
        );
    }
    Ok(())
}

fn model(
    config: &nasfw_engine::Config,
    genotype: &str,
    graph: Graph,
    rng: &mut Rng,
) -> Result<Model> {
    let network = Network::new(CpuKernels::default(), &graph, rng)?;
    let mut weights = Weights::default();
    for (name, array) in network.parameters().weights().iter() {
        let mut array: Array = array.clone();
        for value in &mut array.values {
            match name.rsplit('.').next() {
                Some("running_var") => *value = rng.random_range(0.5..2.0),
                Some("running_mean" | "bias") => *value = rng.random_range(-0.5..0.5),
                _ if array.shape.len() == 1 => *value = rng.random_range(0.5..1.5),
                _ => {}
            }
        }
        weights.insert(name, array);
    }
    let description = Description {
        format: Description::FORMAT,
        task: MemberConfig {
            name: "segm".into(),
            settings: serde_json::json!({}),
        },
        labels: LabelKind::Classes,
        data: DataInfo::default(),
        normalisation: Normalisation::default(),
        input: InputSize {
            height_px: 64,
            width_px: 64,
            shorter_side_px: 64,
        },
        metrics: None,
        provenance: Provenance {
            nasfw_version: "0".into(),
            genotype: genotype.into(),
            space: config.space.clone(),
            plugins: Vec::new(),
            seed: 0,
            data_fingerprint: String::new(),
            data_origin: DataOrigin::Generator,
            data: config.data.clone(),
            epoch: 0,
            epochs: 0,
            is_encoder_warm: false,
            teacher: None,
        },
        weights: WeightsFile::default(),
        graph,
    };
    Ok(Model::new(description, weights)?)
}

/// A random image and our outputs for it.
struct Case {
    size: (usize, usize, usize),
    /// Bytes, (batch, height, width, 3).
    pixels: Vec<u8>,
    /// The same bytes, normalised.
    image: Vec<f32>,
    /// (batch, height, width, channels).
    dims: [usize; 4],
    output: Vec<f32>,
}

impl Case {
    fn new(model: &Model, size: (usize, usize, usize), rng: &mut Rng) -> Result<Self> {
        let (batch, height, width) = size;
        let pixels: Vec<u8> = (0..batch * height * width * 3)
            .map(|_| rng.random())
            .collect();
        let Normalisation { mean, std } = model.description().normalisation;
        let image: Vec<f32> = (pixels.iter().enumerate())
            .map(|(i, &p)| (f32::from(p) / 255.0 - mean[i % 3]) / std[i % 3])
            .collect();
        let network = model.network(CpuKernels::default())?;
        let dims = (batch, height, width, 3);
        let map = network
            .kernels()
            .device()
            .tensor_from_vec(image.clone(), dims);
        let output = network.forward_eval(&[map])?.remove(0);
        let s = map_shape(&output);
        Ok(Self {
            size,
            pixels,
            image,
            dims: [s.batch, s.height, s.width, s.channels],
            output: output.as_vec(),
        })
    }

    /// The maximum difference, relative to the range of our outputs.
    fn error_in_tract(&self, onnx: &[u8], options: &Options) -> Result<f32> {
        let (n, h, w) = self.size;
        let image = tract_ndarray::Array4::from_shape_vec((n, h, w, 3), self.image.clone())?;
        let first = image.permuted_axes([0, 3, 1, 2]);
        let input: Tensor = match options.normalise {
            Normalise::Inside => Tensor::from_shape(&[n, h, w, 3], &self.pixels)?,
            Normalise::Outside => first.as_standard_layout().into_owned().into(),
        };
        let fact = InferenceFact::dt_shape(input.datum_type(), input.shape());
        let plan = tract_onnx::onnx()
            .model_for_read(&mut &*onnx)?
            .with_input_fact(0, fact)?
            .into_optimized()?
            .into_runnable()?;
        let outputs = plan.run(tvec!(input.into()))?;
        let theirs = outputs[0].to_plain_array_view::<f32>()?;
        let [n, h, w, c] = self.dims;
        if theirs.shape() != [n, c, h, w] {
            return Err(format!("shape {:?}, ours {:?}", theirs.shape(), self.dims).into());
        }
        let theirs = theirs.permuted_axes(vec![0, 2, 3, 1]);
        let apart = theirs.iter().zip(&self.output).map(|(a, b)| (a - b).abs());
        let (low, high) =
            (self.output.iter()).fold((f32::MAX, f32::MIN), |(l, h), &v| (l.min(v), h.max(v)));
        Ok(apart.fold(0.0, f32::max) / (high - low).max(f32::MIN_POSITIVE))
    }

    fn write(&self, folder: &Path, onnx: &[u8]) -> Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("network.onnx"), onnx)?;
        let (n, h, w) = self.size;
        let mut arrays = Weights::default();
        let mut put = |name: &str, shape: Vec<usize>, values: Vec<f32>| {
            arrays.insert(name, Array { shape, values });
        };
        let pixels = self.pixels.iter().map(|&p| f32::from(p)).collect();
        put("pixels", vec![n, h, w, 3], pixels);
        put("image", vec![n, h, w, 3], self.image.clone());
        put("output", self.dims.to_vec(), self.output.clone());
        fs::write(folder.join("arrays.safetensors"), arrays.to_safetensors()?)?;
        Ok(())
    }
}
