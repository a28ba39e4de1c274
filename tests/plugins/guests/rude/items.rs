//! The items of `kinds`, with faults on request.

use nasfw_sdk::State;
use nasfw_sdk::graph::{Conv, GraphBuilder, Role};
use nasfw_sdk::registry::{ControllerFromConfig, FromConfig};
use nasfw_sdk::{
    Choices, Controller, Cost, DataInfo, Graph, IoChannels, Label, LabelKind, Loss, LossBatch,
    Metrics, Outcome, Policy, Prediction, Proposal, Result, RewardSchedule, Rng, Schema, Scorer,
    SearchSpace, Size, Sketch, Split, Stage, Task, TaskData, Verdict,
};
use serde_json::{Map, Value};

use super::fault::Order;
use crate::kinds::controller::NearBest;
use crate::kinds::schedule::Halves;
use crate::kinds::space::Tiny;
use crate::kinds::task::Brightness;

macro_rules! item {
    ($name:ident, $inner:ty) => {
        struct $name {
            inner: $inner,
            order: Order,
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.order.lies("drop");
            }
        }
    };
}

item!(Space, Tiny);
item!(Schedule, Halves);
item!(Rude, Brightness);
item!(Ruler, NearBest);

nasfw_sdk::register!(space, Space, plugin: "rude", name: "rude-space", about: "misbehaves");
nasfw_sdk::register!(controller, Ruler, plugin: "rude", name: "rude-controller", about: "misbehaves");
nasfw_sdk::register!(schedule, Schedule, plugin: "rude", name: "rude-schedule", about: "misbehaves");
nasfw_sdk::register!(task, Rude, plugin: "rude", name: "rude-task", about: "misbehaves");

impl FromConfig for Space {
    type Config = Order;
    fn from_config(order: Order) -> Result<Self> {
        order.is_lie("create")?;
        let inner = Tiny::from_config(Default::default())?;
        Ok(Self { inner, order })
    }
}

impl SearchSpace for Space {
    fn schema(&self) -> &Schema {
        self.inner.schema()
    }
    fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph> {
        self.order.is_lie("decode")?;
        if choices[0] == 2 && self.order.is_lie("decode-deep")? {
            return without_encoder(io);
        }
        self.inner.decode(choices, io)
    }
    fn genotype(&self, choices: &Choices) -> Result<String> {
        if self.order.is_lie("genotype")? {
            return Ok("always the same".into());
        }
        self.inner.genotype(choices)
    }
    fn parse(&self, genotype: &str) -> Result<Choices> {
        self.order.is_lie("parse")?;
        self.inner.parse(genotype)
    }
    fn sketches(&self, choices: &Choices) -> Result<Vec<Sketch>> {
        self.order.is_lie("sketches")?;
        self.inner.sketches(choices)
    }
    fn canonical(&self, choices: &Choices) -> Result<Choices> {
        if self.order.is_lie("canonical")? {
            // Another network for all but one.
            return self.inner.schema().choices(vec![0; choices.len()]);
        }
        self.inner.canonical(choices)
    }
    fn facts(&self, choices: &Choices) -> Result<Map<String, Value>> {
        self.order.is_lie("facts")?;
        self.inner.facts(choices)
    }
}

/// A network that violates the rule that all architectures share the encoder.
fn without_encoder(io: &IoChannels) -> Result<Graph> {
    let mut graph = GraphBuilder::new();
    let image = graph.input("image", io.input_channels);
    let main = graph.conv("head", Conv::new(1, io.output_channels), image);
    graph.output("main", Role::Main, main);
    graph.finish()
}

impl ControllerFromConfig for Ruler {
    type Config = Order;
    fn from_config(order: Order, schema: &Schema, rng: &mut Rng) -> Result<Self> {
        order.is_lie("create")?;
        let inner = NearBest::from_config(Default::default(), schema, rng)?;
        Ok(Self { inner, order })
    }
}

impl Controller for Ruler {
    fn schema(&self) -> &Schema {
        self.inner.schema()
    }
    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        let mut proposal = self.inner.propose(rng)?;
        if self.order.is_lie("propose")? {
            proposal.log_prob = Some(f64::NAN);
        }
        Ok(proposal)
    }
    fn observe(&mut self, outcome: &Outcome, rng: &mut Rng) -> Result<()> {
        self.order.is_lie("observe")?;
        self.inner.observe(outcome, rng)
    }
    fn save(&self) -> Result<State> {
        self.order.is_lie("save")?;
        self.inner.save()
    }
    fn load(&mut self, state: &State) -> Result<()> {
        self.order.is_lie("load")?;
        self.inner.load(state)
    }
    fn policy(&self) -> Option<&dyn Policy> {
        Some(self)
    }
}

impl Policy for Ruler {
    fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
        if self.order.is_lie("probabilities")? {
            return Ok(vec![f64::INFINITY]);
        }
        self.inner.probabilities(prefix)
    }
    fn log_prob(&self, choices: &Choices) -> Result<f64> {
        if self.order.is_lie("log_prob")? {
            return Ok(f64::NEG_INFINITY);
        }
        self.inner.log_prob(choices)
    }
}

impl FromConfig for Schedule {
    type Config = Order;
    fn from_config(order: Order) -> Result<Self> {
        order.is_lie("create")?;
        let inner = Halves::from_config(Default::default())?;
        Ok(Self { inner, order })
    }
}

impl RewardSchedule for Schedule {
    fn stages(&self) -> &[Stage] {
        self.inner.stages()
    }
    fn verdict(&mut self, stage: usize, reward: f64, rng: &mut Rng) -> Result<Verdict> {
        self.order.is_lie("verdict")?;
        self.inner.verdict(stage, reward, rng)
    }
    fn reward(&self, stage_rewards: &[f64], cost: &Cost) -> Result<f64> {
        if self.order.is_lie("reward")? {
            return Ok(f64::NAN);
        }
        self.inner.reward(stage_rewards, cost)
    }
    fn save(&self) -> Result<State> {
        self.order.is_lie("save")?;
        self.inner.save()
    }
    fn load(&mut self, state: &State) -> Result<()> {
        self.order.is_lie("load")?;
        self.inner.load(state)
    }
}

impl FromConfig for Rude {
    type Config = Order;
    fn from_config(order: Order) -> Result<Self> {
        order.is_lie("create")?;
        let inner = Brightness::from_config(Default::default())?;
        Ok(Self { inner, order })
    }
}

impl Task for Rude {
    fn labels(&self) -> LabelKind {
        self.inner.labels()
    }
    fn output_channels(&self, data: &DataInfo) -> Result<usize> {
        if self.order.is_lie("output_channels")? {
            return Ok(0);
        }
        self.inner.output_channels(data)
    }
    fn loss(&self) -> Loss {
        self.inner.loss()
    }
    fn scorer(&self, data: &DataInfo) -> Result<Box<dyn Scorer>> {
        self.order.is_lie("scorer")?;
        Ok(Box::new(RudeScorer {
            inner: self.inner.scorer(data)?,
            order: self.order.clone(),
        }))
    }
    fn reward(&self, metrics: &Metrics) -> Result<f64> {
        if self.order.is_lie("reward")? {
            return Ok(f64::INFINITY);
        }
        self.inner.reward(metrics)
    }
    fn headline(&self) -> &'static [&'static str] {
        self.inner.headline()
    }
    fn custom_loss(&self, batch: &LossBatch<'_>, gradient: &mut [f32]) -> Result<f64> {
        if self.order.is_lie("custom_loss")? {
            return Ok(f64::NAN);
        }
        let loss = self.inner.custom_loss(batch, gradient);
        if self.order.is_lie("gradient")? {
            gradient[0] = f32::NAN;
        }
        loss
    }
    fn data(&self) -> Option<&dyn TaskData> {
        Some(self)
    }
}

impl TaskData for Rude {
    fn info(&self) -> DataInfo {
        DataInfo::default()
    }
    fn len(&self, split: Split) -> usize {
        self.inner.data().map_or(0, |d| d.len(split))
    }
    fn fingerprint(&self) -> String {
        "rude".into()
    }
    fn description(&self) -> String {
        "rude images".into()
    }
    fn size_px(&self, split: Split, index: usize) -> Result<Size> {
        if self.order.is_lie("sample_size")? {
            return Ok(Size::new(0, usize::MAX));
        }
        self.inner
            .data()
            .map_or(Ok(Size::square(1)), |d| d.size_px(split, index))
    }
    fn fill(&self, split: Split, index: usize, image: &mut [u8], label: &mut Label) -> Result<()> {
        if self.order.is_lie("fill")? {
            // A label of another size.
            *label = Label::Depth {
                width: 1,
                height: 1,
                values: vec![1.0],
            };
            return Ok(());
        }
        self.inner
            .data()
            .map_or(Ok(()), |d| d.fill(split, index, image, label))
    }
}

struct RudeScorer {
    inner: Box<dyn Scorer>,
    order: Order,
}

impl Scorer for RudeScorer {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        self.order.is_lie("add")?;
        self.inner.add(prediction, truth)
    }
    fn metrics(&self) -> Result<Metrics> {
        self.order.is_lie("metrics")?;
        self.inner.metrics()
    }
}

impl Drop for RudeScorer {
    fn drop(&mut self) {
        self.order.lies("drop-scorer");
    }
}
