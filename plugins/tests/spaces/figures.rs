//! Parameters, multiply-adds, strides and counts, each from the definitions of the paper.

use approx::assert_abs_diff_eq;
use nasfw_plugins::spaces::{EncoderDecoder, EncoderDecoderConfig, Operation, Variant};
use nasfw_sdk::graph::{Group, Resolution};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{SearchSpace, Size};
use serde_json::json;

use crate::{ARCH0, ARCH1, ARCH2, NOTHING, decode, space};

/// A published architecture (arXiv 1810.10804) with what follows from the definitions of the paper,
/// worked out apart from this code.
struct Published {
    genotype: &'static str,
    loose_ends: &'static [usize],
    output_stride: usize,
    /// Parameters at width 64, 2 repeats, with 21, 1 and 16 outputs.
    final_params: [usize; 3],
    /// Parameters at width 48, 1 repeat, 21 outputs, without and with auxiliary cells.
    search_params: [usize; 2],
    /// Multiply-adds of convolutions at 512 x 512, width 64, 2 repeats, 21 outputs, in 10⁹.
    giga_macs: f64,
}

const PUBLISHED: [Published; 3] = [
    Published {
        genotype: ARCH0,
        loose_ends: &[4, 5, 6],
        output_stride: 4,
        final_params: [2_629_909, 2_618_369, 2_627_024],
        search_params: [2_212_517, 2_412_884],
        giga_macs: 4.208,
    },
    Published {
        genotype: ARCH1,
        loose_ends: &[5, 6],
        output_stride: 8,
        final_params: [2_810_133, 2_798_593, 2_807_248],
        search_params: [2_316_197, 2_569_556],
        giga_macs: 2.854,
    },
    Published {
        genotype: ARCH2,
        loose_ends: &[5, 6],
        output_stride: 8,
        final_params: [2_853_141, 2_841_601, 2_850_256],
        search_params: [2_407_205, 2_706_068],
        giga_macs: 3.373,
    },
];

#[test]
fn published_architectures_have_their_figures() {
    let (large, search) = (space(64, 2), space(48, 1));
    for row in PUBLISHED {
        let name = row.genotype;
        let cost = |space, outputs| decode(space, name, outputs).cost(Size::square(512));
        assert_eq!(
            [21, 1, 16].map(|n| cost(&large, n).params),
            row.final_params,
            "{name}"
        );
        let small = cost(&search, 21);
        assert_eq!(
            [small.params, small.params_with_aux],
            row.search_params,
            "{name}"
        );
        let cost = cost(&large, 21);
        assert_eq!(cost.output_stride, row.output_stride, "{name}");
        assert_abs_diff_eq!(cost.macs as f64 / 1e9, row.giga_macs, epsilon = 5e-4);
        let choices = search.parse(name).unwrap();
        assert_eq!(
            search.loose_ends(&choices).unwrap(),
            row.loose_ends,
            "{name}"
        );
        assert_eq!(
            search.facts(&choices).unwrap()["loose_ends"],
            json!(row.loose_ends),
            "{name}"
        );
        assert_eq!(search.genotype(&choices).unwrap(), name);
    }
}

#[test]
fn a_decoder_of_nothing_still_builds() {
    let graph = decode(&space(48, 1), NOTHING, 21);
    assert_eq!(graph.cost(Size::square(512)).params, 1_866_341);
    // The other extreme: every operation the identity.
    let skips = NOTHING.replace("10", "9");
    assert_eq!(
        decode(&space(48, 1), &skips, 21)
            .cost(Size::square(512))
            .params,
        1_866_341
    );
}

#[test]
fn the_encoder_has_its_parameters_and_strides() {
    let graph = decode(&space(48, 1), ARCH0, 21);
    assert_eq!(graph.parameters_of(Group::Encoder), 1_812_800);
    let outputs: Vec<_> = (graph.encoder_outputs().into_iter())
        .map(|id| (graph.channels(id), graph.resolution(id)))
        .collect();
    let expected = [(24, 4), (32, 8), (96, 16), (320, 32)]
        .map(|(channels, stride)| (channels, Resolution::Of { input: 0, stride }));
    assert_eq!(outputs, expected);

    // Without the first expand convolution: 32 x 32 weights and 64 of its normalisation fewer.
    let mut config = EncoderDecoderConfig::default();
    config.encoder.variant = Variant::Torchvision;
    let plain = EncoderDecoder::from_config(config).unwrap();
    let plain = decode(&plain, ARCH0, 21);
    assert_eq!(
        plain.parameters_of(Group::Encoder),
        1_812_800 - 32 * 32 - 64
    );
}

#[test]
fn an_operation_costs_what_the_table_says() {
    // Parameters per operation at C channels and r repeats, counted from the definitions.
    let expected = |operation: Operation, c: usize, r: usize| match operation {
        Operation::Conv { kernel, .. } => kernel * kernel * c * c + 2 * c,
        Operation::Separable { kernel, .. } => r * (kernel * kernel * c + c * c + 2 * c),
        Operation::GlobalAveragePool => c * c + 2 * c,
        Operation::Skip | Operation::None => 0,
    };
    for (width, repeats) in [(48, 1), (64, 2)] {
        let space = space(width, repeats);
        let params = |text: &str| decode(&space, text, 21).cost(Size::square(64)).params;
        let empty = params(NOTHING);
        for operation in Operation::ALL {
            let text = NOTHING.replacen("10", &operation.number().to_string(), 1);
            // The cell is instantiated twice in each of three blocks.
            let more = 6 * expected(operation, width, repeats);
            assert_eq!(params(&text) - empty, more, "{}", operation.name());
        }
    }
}

#[test]
fn there_are_as_many_sequences_as_the_paper_has() {
    let space = EncoderDecoder::default();
    let radices = [
        4, 4, 5, 5, 6, 6, 11, 2, 2, 11, 11, 5, 5, 11, 11, 8, 8, 11, 11,
    ];
    assert_eq!(space.schema().arities(), radices);
    assert_eq!(space.schema().sequences(), 1_795_937_679_360_000.0);
    assert_abs_diff_eq!(
        space.schema().uniform_entropy_nats(),
        35.1243,
        epsilon = 5e-5
    );
    // Operations share a kind; to share anything else would mix up what is not the same.
    for decision in space.schema().decisions() {
        let is_operation = decision.options == Operation::NAMES;
        assert_eq!(decision.kind, if is_operation { "op" } else { "" });
    }
}
