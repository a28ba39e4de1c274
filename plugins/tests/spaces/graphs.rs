//! Graphs fit at any input size, and sketches show them.

use nasfw_plugins::spaces::EncoderDecoder;
use nasfw_sdk::graph::Op;
use nasfw_sdk::{IoChannels, SearchSpace, Size};
use proptest::prelude::*;

use crate::{ARCH1, any_choices};

proptest! {
    /// Any input size will do: whatever is added or concatenated has one size.
    #[test]
    fn sizes_fit_at_odd_inputs(choices in any_choices(), h in 1_usize..80, w in 1_usize..80) {
        let graph = EncoderDecoder::default().decode(&choices, &IoChannels::rgb(3)).unwrap();
        let sizes = graph.sizes(&[Size::new(w, h)]);
        for (node, &size) in graph.nodes().iter().zip(&sizes) {
            let of = |input: usize| sizes[node.inputs[input]];
            let halved = |n: usize, stride: usize| n.div_ceil(stride);
            match &node.op {
                Op::Input { .. } => prop_assert_eq!(size, Size::new(w, h)),
                Op::GlobalAveragePool => prop_assert_eq!(size, Size::square(1)),
                Op::ResizeTo => prop_assert_eq!(size, of(1)),
                // A convolution rounds up at its own input; the total stride must agree.
                Op::Conv(c) => {
                    let halved = Size::new(halved(of(0).width, c.stride), halved(of(0).height, c.stride));
                    prop_assert_eq!(size, halved);
                }
                _ => prop_assert!(node.inputs.iter().all(|&i| sizes[i] == size), "{}", node.name),
            }
        }
    }
}

#[test]
fn sketches_show_what_was_chosen() {
    let space = EncoderDecoder::default();
    let choices = space.parse(ARCH1).unwrap();
    let [cell, wiring] = space.sketches(&choices).unwrap().try_into().unwrap();
    // Node 1 and its successors as ARCH1 reads them: op 2 on x, then [1,0,3,6], …
    let labels: Vec<&str> = cell.boxes.iter().map(|b| b.label.as_str()).collect();
    let layers = [
        "sep_conv_5x5",
        "conv3x3_dil12",
        "sum",
        "sep_conv_3x3",
        "sep_conv_5x5_dil6",
    ];
    assert_eq!(
        labels[..7],
        [&["input", "sep_conv_3x3"][..], &layers].concat()
    );
    assert!(cell.edges.contains(&(1, 2)) && cell.edges.contains(&(0, 3)));
    assert!(wiring.edges.contains(&(4, 6)));
    assert_eq!(wiring.edges.iter().filter(|e| **e == (4, 6)).count(), 2);
    for sketch in [cell, wiring] {
        assert!(
            sketch
                .edges
                .iter()
                .all(|&(from, to)| from < to && to < sketch.boxes.len())
        );
    }
}
