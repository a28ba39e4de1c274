//! A search space: an encoder that halves the resolution three times, and a decoder at that one
//! scale, whose depth and width are searched.

use nasfw_sdk::graph::{ActivationKind::Relu, Conv};
use nasfw_sdk::{Blueprint, Net, Pick, Result, Traced};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(space, Traced<SingleScale>, plugin: "single-scale", name: "single-scale",
    about: "a decoder of one scale, its depth and width searched");

nasfw_sdk::settings! {
    /// The space; its fields are its settings: `--set space.max_depth=6`.
    pub struct SingleScale {
        /// Channels of the encoder's first map; each further one has twice as many.
        pub channels: usize = 16,
        /// The maximum depth of the decoder.
        pub max_depth: usize = 4,
        /// The widths to choose from.
        pub widths: Vec<usize> = vec![16, 32, 64],
    }
}

impl Blueprint for SingleScale {
    fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
        let depth = pick.one_of("depth", 1..=self.max_depth)?;
        let width = *pick.one_of("width", &self.widths)?;
        let mut x = net.encoder(|net| {
            (0..3).fold(net.image(), |x, at| {
                net.conv_bn_act(x, Conv::new(3, self.channels << at).stride(2), Relu)
            })
        });
        for at in 0..depth {
            // Larger and larger fields of view: dilations 1, 2, 4, 8, 1, …
            x = net.conv_bn_act(x, Conv::new(3, width).dilation(1 << (at % 4)), Relu);
        }
        net.head(x)
    }
}
