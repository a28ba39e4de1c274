//! The time that a sample takes on one thread: drawn by the generator, and read from a folder and
//! augmented.
//!
//! ```text
//! cargo run --release -p nasfw-data --example timings -- FOLDER
//! ```

use std::path::PathBuf;
use std::time::Instant;

use nasfw_data::{DataConfig, DataError, Source, Transform, open};
use nasfw_sdk::{LabelKind, Seed};

const SAMPLES: usize = 200;

fn main() -> Result<(), DataError> {
    let generator = open(&DataConfig::default(), LabelKind::Classes)?;
    report("generator, 96 x 96", &generator, Transform::new(96, 96))?;
    if let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) {
        let config = DataConfig {
            path: Some(path),
            ..DataConfig::default()
        };
        let folder = open(&config, LabelKind::Classes)?;
        report(&folder.description, &folder, Transform::new(128, 128))?;
    }
    Ok(())
}

fn report(name: &str, source: &Source, transform: Transform) -> Result<(), DataError> {
    let mut rng = Seed(0).stream("timings");
    let (mut read_ms, mut transform_ms) = (Vec::new(), Vec::new());
    for index in 0..SAMPLES.min(source.train.len()) {
        let start = Instant::now();
        let sample = source.train.read(index)?;
        read_ms.push(start.elapsed().as_secs_f64() * 1000.0);
        let start = Instant::now();
        std::hint::black_box(transform.train(&sample, &source.info, 255, &mut rng));
        transform_ms.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(0.0)
    };
    let (read_ms, transform_ms) = (median(read_ms), median(transform_ms));
    eprintln!("{name}\n  read {read_ms:.2} ms, transform {transform_ms:.2} ms (medians)");
    Ok(())
}
