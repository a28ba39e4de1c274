//! Evaluation follows changes of weights, statistics and sizes, whatever was prepared before.

use dfdx::prelude::OwnedTape;
use nasfw_network::Network;
use nasfw_network::kernels::{Composed, CpuKernels, Kernels, Map};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{IoChannels, Seed};

use super::{random_map, small_space};

const ARCH0: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";

type Cpu = dfdx::prelude::Cpu;

fn values<K: Kernels<Device = Cpu>>(network: &Network<K>, image: &Map<Cpu>) -> Vec<f32> {
    let outputs = network.forward_eval(std::slice::from_ref(image)).unwrap();
    outputs.iter().flat_map(|o| o.as_vec()).collect()
}

/// The outputs of a new network with the same weights.
fn fresh<K: Kernels<Device = Cpu>, L: Kernels<Device = Cpu>>(
    kernels: L,
    network: &Network<K>,
    graph: &Graph,
    image: &Map<Cpu>,
) -> Vec<f32> {
    let mut other = Network::new(kernels, graph, &mut Seed(9).stream("other")).unwrap();
    let weights = network.parameters().weights();
    other.parameters_mut().load(&weights).unwrap();
    values(&other, image)
}

#[test]
fn what_was_prepared_is_forgotten_when_it_no_longer_holds() {
    let space = small_space();
    let choices = space.parse(ARCH0).unwrap();
    let graph = space.decode(&choices, &IoChannels::rgb(3)).unwrap();
    let kernels = CpuKernels::default();
    let mut rng = Seed(5).stream("evaluation");
    let mut network = Network::new(kernels.clone(), &graph, &mut rng).unwrap();
    let image = random_map(kernels.device(), (2, 33, 47, 3), &mut rng);
    let before = values(&network, &image);
    assert_eq!(before, fresh(kernels.clone(), &network, &graph, &image));

    // Another size, another batch, and back.
    let larger = random_map(kernels.device(), (1, 64, 40, 3), &mut rng);
    let of_larger = fresh(kernels.clone(), &network, &graph, &larger);
    assert_eq!(values(&network, &larger), of_larger);
    assert_eq!(values(&network, &image), before);

    // A training pass changes the running statistics.
    let mut tape = OwnedTape::<f32, Cpu>::default();
    let trained = network.forward_train(std::slice::from_ref(&image), &mut tape);
    drop((trained.unwrap(), tape));
    let after = values(&network, &image);
    assert_ne!(after, before);
    assert_eq!(after, fresh(kernels.clone(), &network, &graph, &image));

    // Other weights, in the network and in a copy of it.
    let mut copy = network.clone();
    copy.parameters_mut()
        .initialise(&mut Seed(6).stream("again"))
        .unwrap();
    assert_eq!(values(&network, &image), after);
    let of_copy = values(&copy, &image);
    assert_ne!(of_copy, after);
    assert_eq!(of_copy, fresh(kernels, &copy, &graph, &image));
}

/// 192 x 160 pixels, where the first expansions are streamed.
#[test]
fn large_images_agree_with_the_composed_kernels() {
    let space = super::space(serde_json::json!({"width": 8, "repeats": 1}));
    let choices = space.parse(ARCH0).unwrap();
    let graph = space.decode(&choices, &IoChannels::rgb(3)).unwrap();
    let kernels = CpuKernels::default();
    let mut rng = Seed(7).stream("large");
    let network = Network::new(kernels.clone(), &graph, &mut rng).unwrap();
    let image = random_map(kernels.device(), (1, 192, 160, 3), &mut rng);
    let ours = values(&network, &image);
    let composed = fresh(Composed::new(Cpu::default()), &network, &graph, &image);
    let largest = composed.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    assert!(largest > 0.0);
    for (ours, composed) in ours.iter().zip(&composed) {
        assert!(
            (ours - composed).abs() <= 1e-4 * largest,
            "{ours} {composed}"
        );
    }
}
