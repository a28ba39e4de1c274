//! `nasfw features`: what an encoder makes of an image, to be compared with other frameworks.

use std::io::{self, Write};
use std::path::PathBuf;

use nasfw_data::read_rgb;
use nasfw_engine::config::Preset;
use nasfw_engine::encoder::{features, of_config};
use nasfw_engine::export::write_file;
use nasfw_engine::network::Weights;

use crate::args::{PluginArgs, SettingsArgs, device_flag, path_flag};
use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    plugins: PluginArgs,
    /// Weights of the encoder: safetensors, in nasfw's names, torchvision's or timm's
    #[arg(long, value_name = "FILE")]
    encoder_weights: PathBuf,
    /// The image, JPEG or PNG, which is taken at its own size
    #[arg(long, value_name = "FILE")]
    image: PathBuf,
    /// Where to write the encoder's outputs: safetensors, float32, (1, channels, height, width)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What to compute on: cpu, or cuda:N in a program built with CUDA [default: cpu]
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let layers = args.plugins.over(args.settings.layers(Preset::None)?)?;
    let weights = Some(args.encoder_weights.as_path());
    let layers = path_flag(layers, "--encoder-weights", "encoder.weights", weights)?;
    let config = device_flag(layers, args.device.as_deref()).resolve()?;
    let (encoder, given) = of_config(&config)?;
    let image = read_rgb(&args.image)?;
    let maps: Weights = features(&config.run.device, &encoder, &given.weights, &image)?;
    write_file(&args.out, &maps.to_safetensors()?)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", given.note)?;
    for (name, map) in maps.iter() {
        writeln!(out, "{name}: {:?}", map.shape)?;
    }
    out.flush()?;
    Ok(())
}
