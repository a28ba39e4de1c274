//! A compiled network on hand-written kernels equals its graph run node by node on composed ones:
//! outputs and the gradient of every parameter.

use approx::assert_abs_diff_eq;
use dfdx::prelude::{Backward, Cpu, OwnedTape, PutTape};
use nasfw_network::Network;
use nasfw_network::kernels::{Composed, CpuKernels, Kernels, Map};
use nasfw_sdk::testing::random_choices;
use nasfw_sdk::{IoChannels, Seed};

use super::{loss, random_map, reference, small_space};

/// Would catch a wrong fusion, a dropped node that mattered, a gradient overwritten where a value
/// has several readers, or a kernel that differs from its reference inside a network.
#[test]
fn compiled_networks_have_the_gradients_of_their_graphs() {
    let space = small_space();
    let mut rng = Seed(3).stream("gradients");
    let (fast, plain) = (CpuKernels::default(), Composed::<Cpu>::default());
    let mut all = vec![
        space
            .parse("[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]")
            .unwrap(),
        space
            .parse("[[2,[1,0,3,6],[0,1,2,8],[2,0,6,1]],[[2,3],[3,1],[4,4]]]")
            .unwrap(),
        space
            .parse("[[5,[0,0,4,1],[3,2,0,1],[5,6,5,0]],[[1,3],[4,3],[2,2]]]")
            .unwrap(),
        // Zero everywhere, and identity everywhere.
        space
            .parse("[[10,[0,0,10,10],[0,0,10,10],[0,0,10,10]],[[0,0],[0,0],[0,0]]]")
            .unwrap(),
        space
            .parse("[[9,[0,1,9,9],[1,4,9,9],[4,7,9,9]],[[0,1],[2,4],[5,3]]]")
            .unwrap(),
    ];
    all.extend((0..7).map(|_| random_choices(space.schema(), &mut rng)));
    for choices in all {
        let genotype = space.genotype(&choices).unwrap();
        // Without the encoder: its fifty layers of normalisation over a few pixels turn rounding
        // into visible differences wherever an activation is at its bound.
        let graph = space
            .decode(&choices, &IoChannels::rgb(3))
            .unwrap()
            .after_encoder()
            .unwrap();
        let mut network = Network::new(fast.clone(), &graph, &mut rng).unwrap();
        let weights = network.parameters().weights();
        let maps: Vec<Map<Cpu>> = (graph.inputs().zip([(17, 13), (9, 7), (5, 4), (3, 2)]))
            .map(|((id, _), (height, width))| {
                random_map(
                    fast.device(),
                    (3, height, width, graph.channels(id)),
                    &mut rng,
                )
            })
            .collect();

        let mut tape = OwnedTape::default();
        let outputs = network.forward_train(&maps, &mut tape).unwrap();
        let value = loss(&fast, &outputs.iter().collect::<Vec<_>>(), &mut tape);
        let mut gradients = value.clone().put_tape(tape).backward();

        let mut tape = OwnedTape::default();
        let slow = reference::run(&plain, &graph, &weights, &maps, &mut tape);
        let expected: Vec<&Map<Cpu>> = graph
            .outputs()
            .iter()
            .map(|o| &slow.values[o.node])
            .collect();
        let expected_value = loss(&plain, &expected, &mut tape);
        let mut expected_gradients = expected_value.clone().put_tape(tape).backward();

        for (output, expected) in outputs.iter().zip(&expected) {
            let (a, b) = (output.as_vec(), expected.as_vec());
            let scale = b.iter().fold(1e-3_f32, |m, v| m.max(v.abs()));
            for (a, b) in a.iter().zip(&b) {
                assert_abs_diff_eq!(*a, *b, epsilon = 2e-3 * scale);
            }
        }
        assert_abs_diff_eq!(
            value.as_vec()[0],
            expected_value.as_vec()[0],
            epsilon = 1e-3
        );
        for parameter in network.parameters().iter() {
            gradients.get_or_alloc_mut(&parameter.value).unwrap();
            let got = gradients.get(&parameter.value).as_vec();
            let tensor = &slow.parameters[&parameter.name];
            expected_gradients.get_or_alloc_mut(tensor).unwrap();
            let expected = expected_gradients.get(tensor).as_vec();
            // Relative to the whole gradient: single values may be sums that cancel.
            let norm = expected.iter().map(|g| g * g).sum::<f32>().sqrt();
            let error = (got.iter().zip(&expected))
                .map(|(a, b)| (a - b).powi(2))
                .sum::<f32>()
                .sqrt();
            assert!(
                error <= 1e-2 * norm + 1e-5,
                "{genotype}: gradient of {} is off by {error} of {norm}",
                parameter.name
            );
        }
    }
}
