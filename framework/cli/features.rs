//! `nasfw features`: an encoder's feature maps of an image, to compare with other frameworks.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw::data::read_rgb;
use nasfw::disk::write_file;
use nasfw::engine::config::Preset;
use nasfw::engine::experiment::encoder_of;
use nasfw::model::encoder::features;
use nasfw::network::Weights;

use crate::args::{ComputeArgs, PluginArgs, SettingsArgs, path_flag};
use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    plugins: PluginArgs,
    /// Encoder weights: safetensors with nasfw's, torchvision's or timm's array names
    #[arg(long, value_name = "FILE")]
    encoder_weights: PathBuf,
    /// The image, JPEG or PNG, used at its own size
    #[arg(long, value_name = "FILE")]
    image: PathBuf,
    /// Output file of the feature maps: safetensors, float32, (1, channels, height, width)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    compute: ComputeArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    for input in [&args.image, &args.encoder_weights] {
        let same = |path: &Path| path.canonicalize().ok();
        if same(input).is_some() && same(input) == same(&args.out) {
            return Err(Failure::Input(format!(
                "--out {}: this is an input file; choose another name",
                args.out.display()
            )));
        }
    }
    let layers = args.plugins.over(args.settings.layers(Preset::None)?)?;
    let weights = Some(args.encoder_weights.as_path());
    let layers = path_flag(layers, "--encoder-weights", "encoder.weights", weights)?;
    let config = args.compute.over(layers).resolve()?;
    nasfw::use_threads(config.run.threads)?;
    let (encoder, given) = encoder_of(&config)?;
    let image = read_rgb(&args.image)?;
    let maps: Weights = features(config.run.device, &encoder, &given.weights, &image)?;
    write_file(&args.out, &maps.to_safetensors()?)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", given.note)?;
    for (name, map) in maps.iter() {
        writeln!(out, "{name}: {:?}", map.shape)?;
    }
    out.flush()?;
    Ok(())
}
