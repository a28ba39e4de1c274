//! TODO: what is good?

use nasfw_sdk::{DataInfo, Label, LabelKind, Loss, Metrics, Prediction, Result, Scorer, Task};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(task, {{Type}}, plugin: "{{name}}", name: "{{name}}",
    about: "depth, scored by its mean absolute error");

nasfw_sdk::settings! {
    /// Depth in metres from one image.
    pub struct {{Type}} {}
}

#[rustfmt::skip] // one line a fact
impl Task for {{Type}} {
    fn labels(&self) -> LabelKind { LabelKind::Depth }
    fn loss(&self) -> Loss { Loss::BerHu }
    fn output_channels(&self, _: &DataInfo) -> Result<usize> { Ok(1) }
    fn headline(&self) -> &'static [&'static str] { &["mae"] }
    fn scorer(&self, _: &DataInfo) -> Result<Box<dyn Scorer>> { Ok(Box::new(Errors::default())) }
    fn reward(&self, of: &Metrics) -> Result<f64> { Ok(1.0 / (1.0 + of.get("mae").unwrap_or(WORST))) }
}

const WORST: f64 = 1e6; // metres, where nothing was to be scored

/// Sum of the errors in metres, and how many.
#[derive(Default)]
struct Errors(f64, usize);

impl Scorer for Errors {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        prediction.check(1, truth)?;
        let Label::Depth { values, .. } = truth else {
            return Err(truth.unlike(LabelKind::Depth));
        };
        // Pixels whose depth is not known have 0.
        let pairs = prediction.values.iter().zip(values);
        for (value, truth) in pairs.filter(|(_, truth)| **truth > 0.0) {
            *self = Self(self.0 + f64::from(value - truth).abs(), self.1 + 1);
        }
        Ok(())
    }

    fn metrics(&self) -> Result<Metrics> {
        let mean = self.0 / self.1 as f64;
        Metrics::new([("mae", if self.1 == 0 { WORST } else { mean })])
    }
}
