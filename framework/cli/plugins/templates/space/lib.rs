//! TODO: what can be built?

use nasfw_sdk::graph::{ActivationKind, Conv};
use nasfw_sdk::{Blueprint, Net, Pick, Result, Traced};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(space, Traced<{{Type}}>, plugin: "{{name}}", name: "{{name}}",
    about: "a decoder of a few convolutions");

nasfw_sdk::settings! {
    /// How deep a decoder, and how wide?
    pub struct {{Type}} {
        /// The deepest: `--set space.max_depth=4`.
        pub max_depth: usize = 3,
    }
}

impl Blueprint for {{Type}} {
    fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
        let depth = pick.one_of("depth", 1..=self.max_depth)?;
        let width = pick.one_of("width", [8, 16, 32])?;
        // No choice changes the encoder: its outputs are computed once for a whole search.
        let mut x = net.encoder(|net| {
            let (first, second) = (Conv::new(3, 16).stride(2), Conv::new(3, 32).stride(2));
            let x = net.conv_bn_act(net.image(), first, ActivationKind::Relu);
            net.conv_bn_act(x, second, ActivationKind::Relu)
        });
        for _ in 0..depth {
            x = net.conv_bn_relu(x, 3, width);
        }
        net.head(x)
    }
}
