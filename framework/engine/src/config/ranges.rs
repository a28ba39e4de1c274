//! Range checks of settings.

use nasfw_sdk::{Decay, Error as Invalid, Stage, StageInput, TargetScale};

use super::{Config, RunConfig, TrainConfig, TrainDecay};
use crate::error::Result;

/// Maximum number of samples in a pass, and of passes.
const MAX_SAMPLES: usize = 10_000_000;

/// Maximum number of workers; no machine has this many cores.
pub(crate) const MAX_WORKERS: u64 = 256;

/// Maximum side length, batch and width; a larger value is a typo that no machine has memory for.
const MAX: usize = 4096;

impl Config {
    /// Checks the range of every setting of the engine; members check their own.
    ///
    /// # Errors
    /// Names the key and a value that would be accepted.
    pub(crate) fn check_ranges(&self) -> Result<()> {
        at_least_one("run.trials", self.run.trials as usize)?;
        if i64::try_from(self.run.seed).is_err() {
            return Err(invalid("run.seed", self.run.seed, "it must be below 2^63"));
        }
        self.run.device.check_built()?;
        self.run.check_workers()?;
        if self.run.prior.len() as u64 > self.run.trials {
            let expected = format!("run.prior has {}; try as many", self.run.prior.len());
            return Err(invalid("run.trials", self.run.trials, &expected));
        }
        if !(0.0..=0.5).contains(&self.run.repeats) {
            let expected =
                "it must be 0 to 0.5, the share of trials that evaluate an architecture again";
            return Err(invalid("run.repeats", self.run.repeats, expected));
        }
        let share = self.meta.val_share;
        if !(share > 0.0 && share < 1.0) {
            return Err(invalid(
                "meta.val_share",
                share,
                "it must be between 0 and 1, exclusive",
            ));
        }
        self.data.validate()?;
        let warmup = &self.warmup;
        in_range("warmup.batch", warmup.batch)?;
        in_range("warmup.shorter_side_px", warmup.shorter_side_px)?;
        in_range("warmup.crop_px", warmup.crop_px)?;
        in_range("warmup.width", warmup.width)?;
        for (key, value) in [("samples", warmup.samples), ("epochs", warmup.epochs)] {
            if value > MAX_SAMPLES {
                let expected = format!("it must be 0 to {MAX_SAMPLES}");
                return Err(invalid(&format!("warmup.{key}"), value, &expected));
            }
        }
        if !(warmup.lr > 0.0 && warmup.lr.is_finite()) {
            return Err(invalid("warmup.lr", warmup.lr, "it must be above 0"));
        }
        if !(warmup.weight_decay >= 0.0 && warmup.weight_decay.is_finite()) {
            return Err(invalid(
                "warmup.weight_decay",
                warmup.weight_decay,
                "it must be 0 or more",
            ));
        }
        check_train(&self.train)
    }
}

impl RunConfig {
    /// Rounds, workers and their limits.
    fn check_workers(&self) -> Result<()> {
        let ranges = [
            ("run.round", self.round, 1, 1000),
            ("run.workers", self.workers as u64, 0, MAX_WORKERS),
            ("run.retries", self.retries, 0, 100),
            ("run.memory_limit_mb", self.memory_limit_mb, 0, 1 << 40),
            (
                "run.trial_timeout_secs",
                self.trial_timeout_secs,
                0,
                1 << 40,
            ),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(invalid(
                    key,
                    value,
                    &format!("it must be {least} to {most}"),
                ));
            }
        }
        Ok(())
    }
}

fn check_train(train: &TrainConfig) -> Result<()> {
    let as_stage = Stage {
        continues: false,
        source: StageInput::Images,
        samples: train.samples,
        epochs: train.epochs,
        batch: train.batch,
        shorter_side_px: train.shorter_side_px,
        crop_px: train.crop_px,
        decoder: train.decoder,
        encoder: train.encoder,
        decay: Decay::Constant,
        clip_norm: train.clip_norm,
        // From a model folder, not from cached features as in a stage.
        distillation: 0.0,
        auxiliary: train.auxiliary,
        polyak: train.polyak,
        targets: TargetScale::Output,
    };
    as_stage.check("train")?;
    if !(train.distillation >= 0.0 && train.distillation.is_finite()) {
        let value = train.distillation;
        return Err(invalid("train.distillation", value, "it must be 0 or more"));
    }
    let [low, high] = train.scale;
    if !(low > 0.0 && low <= high && high <= 16.0) {
        let value = format!("[{low}, {high}]");
        return Err(invalid(
            "train.scale",
            value,
            "expected [low, high] with 0 < low <= high <= 16",
        ));
    }
    if !(0.0..=16.0).contains(&train.scale_least) {
        return Err(invalid(
            "train.scale_least",
            train.scale_least,
            "it must be 0 to 16",
        ));
    }
    if train.decay == TrainDecay::Staged && train.stages.is_empty() {
        let expected =
            "decay `staged` needs stages, e.g. [{ share = 1, encoder = 1, decoder = 1 }]";
        return Err(invalid("train.stages", "[]", expected));
    }
    for (at, stage) in train.stages.iter().enumerate() {
        let numbers = [
            ("share", stage.share, f64::MIN_POSITIVE),
            ("encoder", stage.encoder, 0.0),
            ("decoder", stage.decoder, 0.0),
        ];
        for (key, value, least) in numbers {
            if !(value >= least && value.is_finite()) {
                let expected = if least > 0.0 {
                    "it must be above 0"
                } else {
                    "it must be 0 or more"
                };
                return Err(invalid(
                    &format!("train.stages[{at}].{key}"),
                    value,
                    expected,
                ));
            }
        }
    }
    at_least_one("train.validate_every", train.validate_every)
}

fn in_range(key: &str, value: usize) -> Result<()> {
    match value {
        1..=MAX => Ok(()),
        _ => Err(invalid(key, value, &format!("it must be 1 to {MAX}"))),
    }
}

fn at_least_one(key: &str, value: usize) -> Result<()> {
    match value {
        0 => Err(invalid(key, value, "it must be at least 1")),
        _ => Ok(()),
    }
}

fn invalid(key: &str, value: impl ToString, expected: &str) -> crate::Error {
    Invalid::invalid(key, value, expected).into()
}
