//! The text form: it reads back, and slips are refused with the reason.

use nasfw_plugins::spaces::{EncoderDecoder, EncoderDecoderConfig};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{IoChannels, SearchSpace, Seed, testing};
use proptest::prelude::*;

use crate::{ARCH0, any_choices};

#[test]
fn bad_genotypes_are_refused_with_the_reason() {
    let space = EncoderDecoder::default();
    let replaced = |from: &str, to: &str| ARCH0.replacen(from, to, 1);
    let cases = [
        (
            "".to_owned(),
            "genotype: `` is not allowed; the form is [cell,wiring]",
        ),
        ("[[8".into(), "the form is [cell,wiring]"),
        (
            "7".into(),
            "genotype: `7` is not allowed; it must be a list of 2",
        ),
        (
            "[[],[]]".into(),
            "genotype wiring: `[]` is not allowed; it must be a list of 3",
        ),
        (replaced("[8,", "["), "genotype cell: `[[0,0,5,2]"),
        (
            replaced("[3,3]", "[3]"),
            "genotype block 0: `[3]` is not allowed; it must be a list of 2",
        ),
        (
            replaced("0,0,5,2", "0,0,5"),
            "genotype layer 1: `[0,0,5]` is not allowed; it must be a list of 4",
        ),
        (
            replaced("[3,3]", "[3,4]"),
            "block0.input1: `4` is not allowed; it must be 0 to 3",
        ),
        (
            replaced("[3,0]", "[6,0]"),
            "block2.input0: `6` is not allowed; it must be 0 to 5",
        ),
        (
            replaced("[8,", "[11,"),
            "cell.op: `11` is not allowed; it must be 0 to 10",
        ),
        (
            replaced("[0,0,", "[2,0,"),
            "layer1.position0: `2` is not allowed; it must be 0 to 1",
        ),
        (
            replaced("0,5,1,4", "0,8,1,4"),
            "layer3.position1: `8` is not allowed; it must be 0 to 7",
        ),
        (
            replaced("5,2]", "5,-2]"),
            "layer1.op1: `-2` is not allowed; it must be 0 to 10",
        ),
        (
            replaced("5,2]", "5,2.5]"),
            "layer1.op1: `2.5` is not allowed; it must be 0 to 10",
        ),
        (
            replaced("5,2]", "5,\"x\"]"),
            "layer1.op1: `\"x\"` is not allowed; it must be 0 to 10",
        ),
        (
            replaced("5,2]", "5,[]]"),
            "layer1.op1: `[]` is not allowed; it must be 0 to 10",
        ),
        (replaced("5,2]", "5,99999999999999999999]"), "layer1.op1: `"),
        ("[".repeat(10_000), "the form is [cell,wiring]"),
    ];
    for (text, message) in cases {
        let error = space.parse(&text).unwrap_err().to_string();
        assert!(
            error.contains(message),
            "{error}\nwas expected to say\n{message}"
        );
        assert!(error.len() < 600, "{error}");
    }
    let spaced = ARCH0.replace(',', " ,\n ").replace('[', " [ ");
    assert_eq!(space.parse(&spaced).unwrap(), space.parse(ARCH0).unwrap());
}

#[test]
fn choices_of_another_space_are_refused_without_panic() {
    let other = EncoderDecoder::from_config(EncoderDecoderConfig {
        layers: 2,
        ..EncoderDecoderConfig::default()
    })
    .unwrap();
    let foreign = testing::random_choices(other.schema(), &mut Seed(3).stream("foreign"));
    let space = EncoderDecoder::default();
    assert!(space.decode(&foreign, &IoChannels::rgb(21)).is_err());
    assert!(space.genotype(&foreign).is_err());
    assert!(space.sketches(&foreign).is_err() && space.loose_ends(&foreign).is_err());
}

proptest! {
    #[test]
    fn a_genotype_reads_back(choices in any_choices()) {
        let space = EncoderDecoder::default();
        prop_assert_eq!(space.parse(&space.genotype(&choices).unwrap()).unwrap(), choices);
    }

    /// One slip in a good genotype: it is refused, or means what it says.
    #[test]
    fn a_slip_is_refused_or_reads_back(at in 0..ARCH0.len(), put in "[0-9,.\\[\\] é-]{0,2}") {
        let space = EncoderDecoder::default();
        let text = format!("{}{put}{}", &ARCH0[..at], &ARCH0[at + 1..]);
        if let Ok(choices) = space.parse(&text) {
            prop_assert_eq!(space.genotype(&choices).unwrap(), text.replace(' ', ""));
        }
    }
}
