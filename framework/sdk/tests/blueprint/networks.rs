//! Schemas and networks of blueprints.

use std::collections::BTreeMap;

use nasfw_sdk::choices::Mask;
use nasfw_sdk::graph::{ActivationKind, Conv, Group, Op, Role};
use nasfw_sdk::testing::check_space;
use nasfw_sdk::{Blueprint, IoChannels, Net, Pick, Result, SearchSpace, Seed, Traced};

use super::Build;

/// A decoder of one to sixteen layers, each with an operation of its own.
fn layers(pick: &mut Pick, net: &mut Net) -> Result<()> {
    let depth = pick.one_of("depth", 1..=16)?;
    let mut x = net.image();
    for at in 0..depth {
        let kernel = pick.one_of(format!("layer{at}.kernel"), [1, 3, 5, 7, 9, 11, 13])?;
        x = net.scope(&format!("layer{at}"), |net| net.conv_bn_relu(x, kernel, 4));
    }
    net.head(x)
}

#[test]
fn what_is_not_asked_has_its_first_option_only() {
    let space = Traced::new(Build(layers)).unwrap();
    let decisions = space.schema().decisions();
    assert_eq!(decisions.len(), 17);
    assert_eq!(decisions[0].label, "depth");
    let third = &decisions[3];
    assert_eq!(
        (third.label.as_str(), third.kind.as_str()),
        ("layer2.kernel", "layer.kernel")
    );
    let mask = |chose| Mask {
        when: 0,
        chose,
        forbids: (1..7).collect(),
    };
    assert_eq!(third.masks, [mask(0), mask(1)]);
    check_space(&space, 60, Seed(3)).unwrap();
}

/// Layers whose canonical form has one more if `grows`, but names no kernel for it.
struct Layers {
    grows: bool,
}

impl Blueprint for Layers {
    fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
        layers(pick, net)
    }

    fn canonical(&self, chosen: &mut BTreeMap<String, usize>) -> Result<()> {
        if let (Some(depth), true) = (chosen.get_mut("depth"), self.grows) {
            *depth += 1;
        }
        Ok(())
    }
}

#[test]
fn a_form_has_an_option_for_everything_asked() {
    let space = Traced::new(Layers { grows: false }).unwrap();
    let choices = space.parse("depth=2,layer0.kernel=3,layer1.kernel=13");
    let choices = choices.unwrap();
    assert_eq!(space.canonical(&choices).unwrap(), choices);
    let space = Traced::new(Layers { grows: true }).unwrap();
    let error = space.canonical(&choices).unwrap_err().to_string();
    assert!(error.contains("`layer2.kernel` is asked, too"), "{error}");
}

#[test]
fn genotypes_name_what_is_asked() {
    let space = Traced::new(Build(layers)).unwrap();
    let genotype = "depth=2,layer0.kernel=3,layer1.kernel=13";
    let choices = space.parse(genotype).unwrap();
    assert_eq!(choices[..4], [1, 1, 6, 0]);
    assert_eq!(space.genotype(&choices).unwrap(), genotype);
    for (wrong, said) in [
        ("depth=2,layer0.kernel=3", "`nothing more`"),
        (
            "depth=2,layer0.kernel=3,layer1.kernel=13,",
            "expected the end",
        ),
        (
            "depth=2,layer0.kernel=3,layer1.kernel=12",
            "[1, 3, 5, 7, 9, 11, 13]",
        ),
        (
            "depth=2,layer1.kernel=3,layer0.kernel=3",
            "expected `layer0.kernel=`",
        ),
        (
            "depth=2,layer0.kernel= 3,layer1.kernel=3",
            "layer0.kernel= 3",
        ),
        ("depth=17,layer0.kernel=3", "… (16 options)"),
        ("", "expected `depth=`"),
    ] {
        let error = space.parse(wrong).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains(wrong), "{error}");
    }
}

#[test]
fn decisions_of_one_kind_have_the_same_options() {
    let space = Traced::new(Build(|pick: &mut Pick, net: &mut Net| {
        for at in 0..2 {
            pick.flag(format!("skip{at}"))?;
            pick.index(format!("input{at}"), 1 + at)?;
            pick.one_of(format!("conv{}x{}", at, at), ["a", "b"])?;
        }
        net.head(net.image())
    }));
    let space = space.unwrap();
    let kinds = space.schema().decisions().iter().map(|d| d.kind.as_str());
    let kinds: Vec<&str> = kinds.collect();
    assert_eq!(
        kinds,
        ["skip", "input0", "conv0x", "skip", "input1", "conv1x"]
    );
}

#[test]
fn nodes_have_names_and_groups() {
    let build = |pick: &mut Pick, net: &mut Net| {
        let deep = pick.flag("deep")?;
        let (half, quarter) = net.encoder(|net| {
            let halves = Conv::new(3, 8).stride(2);
            let half = net.conv_bn_act(net.image(), halves, ActivationKind::Relu6);
            (half, net.conv_bn(half, halves))
        });
        let x = net.scope("cell0", |net| {
            let up = net.resize_to(quarter, half);
            assert_eq!(net.channels(up), 8);
            let pair = net.concat(&[up, half]);
            assert_eq!(net.channels(pair), 16);
            let pooled = net.global_average_pool(pair);
            let pooled = net.resize_to(pooled, pair);
            net.add(&[pair, pooled])
        });
        let seen = net.auxiliary(|net| net.conv_bn_relu(x, 3, 4));
        net.auxiliary_head(seen);
        net.auxiliary_head(x);
        let x = if deep {
            net.conv(x, Conv::new(1, 5))
        } else {
            x
        };
        let x = net.activation(x, ActivationKind::Relu);
        let zero = net.op(Op::Zero, &[x]);
        let x = net.add(&[x, zero]);
        net.head(x)
    };
    let space = Traced::new(Build(build)).unwrap();
    let io = IoChannels::rgb(7);
    let graph = space
        .decode(&space.parse("deep=yes").unwrap(), &io)
        .unwrap();
    let named = |group| {
        let nodes = graph.nodes().iter().filter(move |n| n.group == group);
        nodes.map(|n| n.name.as_str()).collect::<Vec<_>>()
    };
    let unit = [
        "image",
        "encoder.conv0.conv",
        "encoder.conv0.bn",
        "encoder.conv0.act",
    ];
    let encoder = [&unit[..], &["encoder.conv1.conv", "encoder.conv1.bn"]].concat();
    assert_eq!(named(Group::Encoder), encoder);
    let cell = [
        "cell0.resize0",
        "cell0.concat0",
        "cell0.pool0",
        "cell0.resize1",
        "cell0.add0",
    ];
    let decoder = [&cell[..], &["conv0", "act0", "zero0", "add0", "head"]].concat();
    assert_eq!(named(Group::Decoder), decoder);
    let auxiliary = [
        "auxiliary.conv0.conv",
        "auxiliary.conv0.bn",
        "auxiliary.conv0.act",
    ];
    let auxiliary = [&auxiliary[..], &["aux0.head", "aux1.head"]].concat();
    assert_eq!(named(Group::Auxiliary), auxiliary);
    let outputs = graph.outputs().iter().map(|o| (o.name.as_str(), o.role));
    let outputs: Vec<_> = outputs.collect();
    let aux = Role::Auxiliary;
    assert_eq!(
        outputs,
        [("aux0", aux), ("aux1", aux), ("main", Role::Main)]
    );
    graph.check_io(&io).unwrap();
    check_space(&space, 10, Seed(1)).unwrap();
}

#[test]
fn the_sketch_shows_the_decoder() {
    let space = Traced::new(Build(layers)).unwrap();
    let choices = space
        .parse("depth=2,layer0.kernel=3,layer1.kernel=1")
        .unwrap();
    let sketch = space.sketches(&choices).unwrap().remove(0);
    let boxes = sketch
        .boxes
        .iter()
        .map(|b| (b.name.as_str(), b.label.as_str(), b.is_output));
    let boxes: Vec<_> = boxes.collect();
    let expected = [
        ("layer0.conv0", "conv 3x3, 4", false),
        ("layer1.conv0", "conv 1x1, 4", false),
        ("head", "conv 1x1, 1", true),
    ];
    assert_eq!(boxes, expected);
    assert_eq!(sketch.edges, [(0, 1), (1, 2)]);
}
