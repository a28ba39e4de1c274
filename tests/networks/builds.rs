//! Every architecture builds, has the parameters that its graph counts, and runs forward and
//! backward.

use dfdx::prelude::{Backward, OwnedTape, PutTape};
use nasfw_network::Network;
use nasfw_network::kernels::{CpuKernels, Kernels, map_shape};
use nasfw_sdk::testing::random_choices;
use nasfw_sdk::{IoChannels, Seed, Size};

use super::{loss, random_map, small_space};

/// Catches an operation that fails for a size, e.g. an odd one, or for a combination of choices.
#[test]
fn a_thousand_random_genotypes_build_and_run_at_three_sizes() {
    let space = small_space();
    let mut rng = Seed(11).stream("builds");
    let kernels = CpuKernels::default();
    for at in 0..1000 {
        let choices = random_choices(space.schema(), &mut rng);
        let io = IoChannels::rgb(1 + at % 5);
        let graph = space.decode(&choices, &io).unwrap();
        let mut network = Network::new(kernels.clone(), &graph, &mut rng).unwrap();
        assert_eq!(network.parameters().count(), graph.parameters());
        let deployed = graph.without_auxiliary();
        assert_eq!(graph.cost(Size::square(32)).params, deployed.parameters());
        for (height, width) in [(32, 32), (33, 47), (17, 9)] {
            let genotype = space.genotype(&choices).unwrap();
            let image = random_map(kernels.device(), (2, height, width, 3), &mut rng);
            let mut tape = OwnedTape::default();
            let outputs = network.forward_train(&[image], &mut tape).unwrap();
            let sizes = graph.sizes(&[Size::new(width, height)]);
            for (output, declared) in outputs.iter().zip(graph.outputs()) {
                let shape = map_shape(output);
                assert_eq!(
                    Size::new(shape.width, shape.height),
                    sizes[declared.node],
                    "{genotype}"
                );
                assert_eq!(shape.channels, io.output_channels);
            }
            let all: Vec<_> = outputs.iter().collect();
            let loss = loss(&kernels, &all, &mut tape);
            assert!(
                loss.as_vec()[0].is_finite(),
                "{genotype} at {height}x{width}"
            );
            let mut gradients = loss.put_tape(tape).backward();
            for parameter in network.parameters().iter().filter(|p| p.is_live) {
                gradients.get_or_alloc_mut(&parameter.value).unwrap();
                let gradient = gradients.get(&parameter.value).as_vec();
                assert!(
                    gradient.iter().all(|g| g.is_finite()),
                    "{genotype}: gradient of {}",
                    parameter.name
                );
            }
        }
    }
}
