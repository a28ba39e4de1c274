//! The same calls on either side of the interface: the same replies, errors and random draws.

use nasfw_sdk::registry::{ControllerFromConfig, FromConfig};
use nasfw_sdk::{
    Controller, Cost, DataInfo, IoChannels, Label, LossBatch, Metrics, Outcome, Policy, Prediction,
    RewardSchedule, SearchSpace, Seed, Size, Split, Task,
};
use serde_json::json;

use crate::calls::{controller, schedule, schema, space, task};
use crate::kinds::controller::NearBest;
use crate::kinds::schedule::Halves;
use crate::kinds::space::Tiny;
use crate::kinds::task::Brightness;

#[test]
fn spaces() {
    let here = Tiny::from_config(Default::default()).unwrap();
    let there = space(&json!({})).unwrap();
    assert_eq!(here.schema(), there.schema());
    let io = IoChannels::rgb(5);
    for code in 0..12 {
        let values = vec![code % 3, code / 3 % 2, code / 6];
        let choices = here.schema().choices(values).unwrap();
        let text = here.genotype(&choices).unwrap();
        assert_eq!(text, there.genotype(&choices).unwrap());
        assert_eq!(there.parse(&text).unwrap(), choices);
        let (one, other) = (here.decode(&choices, &io), there.decode(&choices, &io));
        assert_eq!(one.unwrap().to_json(), other.unwrap().to_json());
        assert_eq!(
            here.sketches(&choices).unwrap(),
            there.sketches(&choices).unwrap()
        );
        assert_eq!(
            here.canonical(&choices).unwrap(),
            there.canonical(&choices).unwrap()
        );
        assert_eq!(
            here.facts(&choices).unwrap(),
            there.facts(&choices).unwrap()
        );
    }
    for wrong in ["", "d0w0k9", "dxwykz", "d0w0k0 ", "\u{1F600}"] {
        let (one, other) = (here.parse(wrong), there.parse(wrong));
        assert_eq!(one.unwrap_err(), other.unwrap_err(), "{wrong}");
    }
}

/// Draws come from one stream, call after call: would catch a generator that does not continue
/// where the other side left it.
#[test]
fn controllers() {
    let mut rng = Seed(1).stream("controller");
    let mut here = NearBest::from_config(Default::default(), &schema(), &mut rng).unwrap();
    let mut there = controller(&json!({})).unwrap();
    let (mut one, mut other) = (Seed(2).stream("draws"), Seed(2).stream("draws"));
    for round in 0..20 {
        let proposal = here.propose(&mut one).unwrap();
        assert_eq!(proposal, there.propose(&mut other).unwrap());
        assert_eq!(one.get_word_pos(), other.get_word_pos(), "round {round}");
        let policy = there.policy().unwrap();
        assert_eq!(
            here.log_prob(&proposal.choices).unwrap().to_bits(),
            policy.log_prob(&proposal.choices).unwrap().to_bits()
        );
        assert_eq!(
            here.probabilities(&[1]).unwrap(),
            policy.probabilities(&[1]).unwrap()
        );
        let outcome = match round % 3 {
            0 => Outcome::Failed {
                proposal,
                reason: "made up".into(),
            },
            _ => Outcome::Scored {
                proposal,
                reward: f64::from(round % 7) / 7.0,
            },
        };
        here.observe(&outcome, &mut one).unwrap();
        there.observe(&outcome, &mut other).unwrap();
        assert_eq!(here.save().unwrap(), there.save().unwrap());
    }
    there.load(&here.save().unwrap()).unwrap();
    let damaged = nasfw_sdk::State(b"no state".to_vec());
    assert_eq!(
        here.load(&damaged).unwrap_err(),
        there.load(&damaged).unwrap_err()
    );
}

#[test]
fn schedules() {
    let mut here = Halves::from_config(Default::default()).unwrap();
    let mut there = schedule(&json!({})).unwrap();
    assert_eq!(here.stages(), there.stages());
    let (mut one, mut other) = (Seed(3).stream("draws"), Seed(3).stream("draws"));
    for trial in 0..40 {
        let reward = f64::from(trial * 13 % 17) / 17.0;
        let cost = Cost {
            macs: 1000 * trial as u64,
            ..Cost::default()
        };
        let verdict = here.verdict(0, reward, &mut one).unwrap();
        assert_eq!(verdict, there.verdict(0, reward, &mut other).unwrap());
        assert_eq!(one.get_word_pos(), other.get_word_pos());
        assert_eq!(
            here.reward(&[reward], &cost).unwrap().to_bits(),
            there.reward(&[reward], &cost).unwrap().to_bits()
        );
        assert_eq!(here.save().unwrap(), there.save().unwrap());
    }
}

#[test]
fn tasks() {
    let here = Brightness::from_config(Default::default()).unwrap();
    let there = task(&json!({})).unwrap();
    let info = DataInfo::default();
    assert_eq!((here.labels(), here.loss()), (there.labels(), there.loss()));
    assert_eq!(here.headline(), there.headline());
    assert_eq!(
        here.output_channels(&info).unwrap(),
        there.output_channels(&info).unwrap()
    );

    let outputs: Vec<f32> = (0..24).map(|i| i as f32 * 0.37 - 2.0).collect();
    let truth = |seed: usize| Label::Depth {
        width: 4,
        height: 3,
        values: (0..12).map(|i| ((i * seed) % 7) as f32 / 3.0).collect(),
    };
    let truths = [truth(3), truth(5)];
    let batch = LossBatch {
        batch: 2,
        height: 3,
        width: 4,
        channels: 1,
        outputs: &outputs,
        truths: &truths,
    };
    let (mut one, mut other) = (vec![0.0; 24], vec![0.0; 24]);
    let loss = here.custom_loss(&batch, &mut one).unwrap();
    assert_eq!(
        loss.to_bits(),
        there.custom_loss(&batch, &mut other).unwrap().to_bits()
    );
    assert_eq!(one, other);
    assert!(one.iter().any(|g| *g != 0.0));

    let (mut one, mut other) = (here.scorer(&info).unwrap(), there.scorer(&info).unwrap());
    for (at, truth) in truths.iter().enumerate() {
        let prediction = Prediction {
            height: 3,
            width: 4,
            channels: 1,
            values: &outputs[12 * at..12 * (at + 1)],
            image_size_px: Size::new(4, 3),
        };
        one.add(&prediction, truth).unwrap();
        other.add(&prediction, truth).unwrap();
        let wrong = Label::Classes {
            width: 4,
            height: 3,
            values: vec![0; 12],
        };
        let refused = (one.add(&prediction, &wrong), other.add(&prediction, &wrong));
        assert_eq!(refused.0.unwrap_err(), refused.1.unwrap_err());
        assert_eq!(one.metrics().unwrap(), other.metrics().unwrap());
    }
    let metrics = Metrics::new([("mae", 1.0 / 3.0)]).unwrap();
    assert_eq!(
        here.reward(&metrics).unwrap().to_bits(),
        there.reward(&metrics).unwrap().to_bits()
    );

    let (one, other) = (here.data().unwrap(), there.data().unwrap());
    assert_eq!(one.len(Split::Train), other.len(Split::Train));
    for index in [0, 1, 7] {
        let size = one.size_px(Split::Train, index).unwrap();
        let Size { width, height } = size;
        assert_eq!(size, other.size_px(Split::Train, index).unwrap());
        let read = |data: &dyn nasfw_sdk::TaskData| {
            let mut image = vec![0; width * height * 3];
            let mut label = Label::Depth {
                width,
                height,
                values: vec![0.0; width * height],
            };
            data.fill(Split::Train, index, &mut image, &mut label)
                .unwrap();
            (image, label)
        };
        assert_eq!(read(one), read(other), "sample {index}");
    }
    let refused = (one.size_px(Split::Val, 99), other.size_px(Split::Val, 99));
    assert_eq!(refused.0.unwrap_err(), refused.1.unwrap_err());
}

/// Classes and keypoints cross unchanged, too.
#[test]
fn truths_of_every_kind_read_back() {
    use nasfw_abi::truth::Truths;
    use nasfw_sdk::Keypoint;
    let point = |x: f32| Keypoint {
        x_px: x,
        y_px: -x / 3.0,
        visible: x > 1.0,
    };
    let keypoints = |x: f32| Label::Keypoints {
        points: vec![point(x), point(2.0 * x)],
        reference_px: x + 0.1,
    };
    let classes = |value| Label::Classes {
        width: 3,
        height: 2,
        values: vec![value; 6],
    };
    for labels in [
        vec![keypoints(0.7), keypoints(1.3)],
        vec![classes(1), classes(255), classes(0)],
        vec![],
    ] {
        let borrowed: Vec<&Label> = labels.iter().collect();
        let (truths, numbers) = Truths::of(&borrowed).unwrap();
        let text = serde_json::to_string(&truths).unwrap();
        let truths: Truths = serde_json::from_str(&text).unwrap();
        assert_eq!(truths.labels(&numbers).unwrap(), labels);
    }
    let mixed = [keypoints(1.0), classes(1)];
    let mixed: Vec<&Label> = mixed.iter().collect();
    assert!(Truths::of(&mixed).is_err());
}
