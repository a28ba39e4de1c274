//! Canonical forms: one for each network, whatever genotype it comes from.

use std::collections::{BTreeMap, BTreeSet};

use nasfw_plugins::spaces::{EncoderDecoder, EncoderDecoderConfig};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Choices, Graph, IoChannels, SearchSpace};
use proptest::prelude::*;

use crate::{ARCH0, ARCH1, ARCH2, NOTHING, any_choices_of, space};

/// One block without auxiliary cell, so that networks are small and cells all that counts.
fn one_block(layers: usize, repeats: usize) -> EncoderDecoder {
    EncoderDecoder::from_config(EncoderDecoderConfig {
        width: 8,
        repeats,
        blocks: 1,
        layers,
        auxiliary: false,
        ..EncoderDecoderConfig::default()
    })
    .unwrap()
}

fn decode(space: &EncoderDecoder, choices: &Choices) -> Graph {
    space.decode(choices, &IoChannels::rgb(2)).unwrap()
}

/// The fingerprint of what follows the encoder, which is the same for all.
fn fingerprint(space: &EncoderDecoder, choices: &Choices) -> String {
    let graph = decode(space, choices);
    graph.after_encoder().unwrap().fingerprint()
}

fn canonical(genotype: &str) -> String {
    let space = space(8, 1);
    let choices = space.parse(genotype).unwrap();
    let form = space.canonical(&choices).unwrap();
    space.genotype(&form).unwrap()
}

fn wired(cell: &str) -> String {
    format!("[{cell},[[0,1],[2,4],[3,5]]]")
}

#[test]
fn forms_are_the_first_genotypes_of_their_networks() {
    for (what, cell, form) in [
        (
            "sides in order, later positions renumbered",
            "[0,[1,0,3,2],[3,2,1,4],[4,7,5,6]]",
            "[0,[0,1,2,3],[2,3,1,4],[4,7,5,6]]",
        ),
        (
            "layers in order where none reads the other, and convolutions of nothing as one",
            "[10,[1,1,6,1],[0,0,1,2],[4,7,3,8]]",
            "[10,[0,0,1,2],[1,1,0,0],[4,7,8,3]]",
        ),
    ] {
        assert_eq!(canonical(&wired(cell)), wired(form), "{what}");
    }
    let nothing = NOTHING.replace("[0,0]]]", "[3,0]]]");
    assert!(canonical(&nothing).ends_with("[0,3]]]"));
}

#[test]
fn other_words_for_a_network_are_one_form() {
    for (what, one, other) in [
        (
            "what only `none` reads",
            "[0,[0,0,1,2],[4,4,10,10],[1,0,3,5]]",
            "[0,[0,1,8,7],[4,0,10,10],[0,1,5,3]]",
        ),
        (
            "a skip and what it skips",
            "[0,[1,0,9,1],[2,3,2,3],[4,5,4,5]]",
            "[0,[0,1,1,9],[1,2,2,3],[4,5,4,5]]",
        ),
        (
            "the sums of the output in any grouping",
            "[3,[0,0,2,1],[0,0,0,10],[0,0,4,10]]",
            "[10,[0,0,0,1],[0,0,2,3],[0,1,4,10]]",
        ),
    ] {
        assert_eq!(canonical(&wired(one)), canonical(&wired(other)), "{what}");
    }
}

#[test]
fn sharing_is_no_copy() {
    // The second layer reads one convolution twice, or one of two alike each.
    let [shared, copied] = [
        "[10,[0,0,1,1],[2,2,2,2],[7,7,3,3]]",
        "[10,[0,0,1,1],[2,3,2,2],[7,7,3,3]]",
    ];
    assert_ne!(canonical(&wired(shared)), canonical(&wired(copied)));
}

#[test]
fn the_wirings_are_3150() {
    let space = space(8, 1);
    for arch in [ARCH0, ARCH1, ARCH2] {
        let cell = &space.parse(arch).unwrap()[6..];
        let arities = &space.schema().arities()[..6];
        let count: usize = arities.iter().product();
        assert_eq!(count, 14_400);
        let mut forms = BTreeSet::new();
        for mut number in 0..count {
            let mut choices: Vec<usize> = Vec::new();
            for arity in arities {
                choices.push(number % arity);
                number /= arity;
            }
            choices.extend(cell);
            let choices = space.schema().choices(choices).unwrap();
            forms.insert(space.canonical(&choices).unwrap());
        }
        // 10 pairs of four maps, 15 of five, 21 of six.
        assert_eq!(forms.len(), 3150, "{arch}");
    }
}

/// All 5324 cells of one layer have as many forms as fingerprints. Where separable convolutions
/// repeat, those of nothing differ.
#[test]
fn cells_of_one_layer_are_divided_in_one_way() {
    for (repeats, expected) in [(1, 1697), (2, 1759)] {
        let space = one_block(1, repeats);
        let mut prints: BTreeMap<Choices, String> = BTreeMap::new();
        for number in 0..11 * 4 * 121 {
            let digits = [
                number % 11,
                number / 11 % 2,
                number / 22 % 2,
                number / 44 % 11,
                number / 484,
            ];
            let choices = [&[0, 3][..], &digits].concat();
            let choices = space.schema().choices(choices).unwrap();
            let form = space.canonical(&choices).unwrap();
            let print = fingerprint(&space, &choices);
            let known = prints.entry(form).or_insert_with(|| print.clone());
            assert_eq!(*known, print, "{choices:?}");
        }
        let different: BTreeSet<&String> = prints.values().collect();
        assert_eq!((prints.len(), different.len()), (expected, expected));
    }
}

/// The genotype with the sides of blocks and layers swapped where `swaps` says so.
fn swapped(space: &EncoderDecoder, choices: &Choices, swaps: &[bool]) -> Choices {
    let EncoderDecoderConfig { blocks, .. } = *space.config();
    let mut values = choices.to_vec();
    let (wiring, cell) = values.split_at_mut(2 * blocks);
    for (pair, _) in wiring.chunks_mut(2).zip(swaps).filter(|(_, is)| **is) {
        pair.swap(0, 1);
    }
    let mut now = vec![0, 1];
    for (layer, &is_swapped) in cell[1..].chunks_mut(4).zip(&swaps[blocks..]) {
        let first = now.len();
        for position in &mut layer[..2] {
            *position = now[*position];
        }
        now.extend([first, first + 1, first + 2]);
        if is_swapped {
            layer.swap(0, 1);
            layer.swap(2, 3);
            now.swap(first, first + 1);
        }
    }
    space.schema().choices(values).unwrap()
}

fn any_swaps() -> impl Strategy<Value = Vec<bool>> {
    proptest::collection::vec(any::<bool>(), 16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_form_is_its_own_and_the_same_network(choices in any_choices_of(space(8, 1))) {
        let space = space(8, 1);
        let form = space.canonical(&choices).unwrap();
        prop_assert_eq!(&space.canonical(&form).unwrap(), &form);
        prop_assert_eq!(fingerprint(&space, &form), fingerprint(&space, &choices));
        // What no output depends on is left out.
        let parameters = |of: &Choices| decode(&space, of).parameters();
        prop_assert!(parameters(&form) <= parameters(&choices));
    }

    #[test]
    fn swapped_sides_are_one_form(
        choices in any_choices_of(space(8, 2)), swaps in any_swaps(),
    ) {
        let space = space(8, 2);
        let other = swapped(&space, &choices, &swaps);
        prop_assert_eq!(space.canonical(&other).unwrap(), space.canonical(&choices).unwrap());
        prop_assert_eq!(fingerprint(&space, &other), fingerprint(&space, &choices));
    }

    /// In one block no map is unread, so equal fingerprints mean equal forms, too.
    #[test]
    fn another_form_is_another_network(
        choices in any_choices_of(one_block(3, 1)),
        at in 2_usize..15,
        option in 0_usize..11,
    ) {
        let space = one_block(3, 1);
        let mut other = choices.to_vec();
        other[at] = option % space.schema().decisions()[at].arity();
        let other = space.schema().choices(other).unwrap();
        let is_one_form = space.canonical(&other).unwrap() == space.canonical(&choices).unwrap();
        let is_one_network = fingerprint(&space, &other) == fingerprint(&space, &choices);
        prop_assert_eq!(is_one_form, is_one_network);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Cells of eight layers are too many to find the first one of; sides are put in order then.
    #[test]
    fn a_large_cell_has_a_form_as_well(choices in any_choices_of(one_block(8, 1))) {
        let space = one_block(8, 1);
        let form = space.canonical(&choices).unwrap();
        prop_assert_eq!(&space.canonical(&form).unwrap(), &form);
        prop_assert_eq!(fingerprint(&space, &form), fingerprint(&space, &choices));
    }
}
