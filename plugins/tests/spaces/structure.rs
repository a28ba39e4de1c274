//! The structure of each part of a network, node by node. Parameter counts cannot see a missing
//! activation, a wrong resize or an identity in place of zeros; these lists can.

use nasfw_plugins::spaces::Operation;
use nasfw_sdk::Graph;
use nasfw_sdk::graph::{ActivationKind, Op};

use crate::{ARCH0, NOTHING, decode, space};

/// The nodes whose names start with `prefix`, one a line: name, operation, inputs.
fn list(graph: &Graph, prefix: &str) -> Vec<String> {
    let short = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
    (graph.nodes().iter().filter(|n| n.name.starts_with(prefix)))
        .map(|node| {
            let inputs: Vec<String> = (node.inputs.iter())
                .map(|&i| short(&graph.nodes()[i].name))
                .collect();
            format!(
                "{}: {} <- {}",
                short(&node.name),
                describe(&node.op),
                inputs.join(", ")
            )
        })
        .collect()
}

fn describe(op: &Op) -> String {
    match op {
        Op::Conv(c) => {
            let mut text = format!("{0}x{0} to {1}", c.kernel, c.out_channels);
            for (is, what) in [
                (c.groups > 1, format!(", {} groups", c.groups)),
                (c.dilation > 1, format!(", dilation {}", c.dilation)),
                (c.stride > 1, format!(", stride {}", c.stride)),
                (c.bias, ", bias".into()),
            ] {
                text.push_str(if is { &what } else { "" });
            }
            text
        }
        Op::BatchNorm => "bn".into(),
        Op::Activation { function } => format!("{function:?}").to_lowercase(),
        Op::ResizeTo => "resize".into(),
        Op::GlobalAveragePool => "mean".into(),
        Op::Add => "add".into(),
        Op::Concat => "concat".into(),
        Op::Identity => "same".into(),
        Op::Zero => "zero".into(),
        Op::Input { channels } => format!("{channels} channels"),
    }
}

#[test]
fn operations_are_made_of_what_the_paper_says() {
    let x = "decoder.adapter0.act";
    let dense = |conv: &str| {
        vec![
            format!(".conv: {conv} <- {x}"),
            ".bn: bn <- .conv".to_owned(),
            ".act: relu <- .bn".to_owned(),
        ]
    };
    let separable = |depthwise: &str| {
        let mut lines = Vec::new();
        for (repeat, from) in [(0, x), (1, ".sep0.act")] {
            let n = format!(".sep{repeat}");
            lines.push(format!("{n}.depthwise: {depthwise} <- {from}"));
            lines.push(format!("{n}.pointwise: 1x1 to 8 <- {n}.depthwise"));
            lines.push(format!("{n}.bn: bn <- {n}.pointwise"));
            lines.push(format!("{n}.act: relu <- {n}.bn"));
        }
        lines
    };
    let pooled = [
        format!(".pool: mean <- {x}"),
        ".conv: 1x1 to 8 <- .pool".into(),
        ".bn: bn <- .conv".into(),
        ".act: relu <- .bn".into(),
        format!(".resize: resize <- .act, {x}"),
    ];
    let expected = [
        dense("1x1 to 8"),
        dense("3x3 to 8"),
        separable("3x3 to 8, 8 groups"),
        separable("5x5 to 8, 8 groups"),
        pooled.to_vec(),
        dense("3x3 to 8, dilation 3"),
        dense("3x3 to 8, dilation 12"),
        separable("3x3 to 8, 8 groups, dilation 3"),
        separable("5x5 to 8, 8 groups, dilation 6"),
        vec![format!(".skip: same <- {x}")],
        vec![format!(".none: zero <- {x}")],
    ];
    for (number, expected) in expected.into_iter().enumerate() {
        let genotype = NOTHING.replacen("10", &number.to_string(), 1);
        let graph = decode(&space(8, 2), &genotype, 5);
        let name = Operation::NAMES[number];
        assert_eq!(list(&graph, "decoder.block0.left.op1"), expected, "{name}");
    }
}

/// All operations the identity, so that only what is around them shows.
fn skeleton() -> Graph {
    // Block 0 joins maps 3 and 2, block 1 map 3 with itself, block 2 block 0 and map 0.
    let genotype = "[[9,[0,1,9,9],[4,0,9,9],[0,0,9,9]],[[3,2],[3,3],[4,0]]]";
    decode(&space(8, 1), genotype, 5)
}

#[test]
fn cells_and_blocks_are_made_of_what_the_paper_says() {
    let graph = skeleton();
    let expected = [
        "left.op1.skip: same <- decoder.adapter3.act",
        "left.op2.skip: same <- decoder.adapter3.act",
        "left.op3.skip: same <- left.op1.skip",
        "left.sum4: add <- left.op2.skip, left.op3.skip",
        "left.op5.skip: same <- left.sum4",
        "left.op6.skip: same <- decoder.adapter3.act",
        "left.sum7: add <- left.op5.skip, left.op6.skip",
        "left.op8.skip: same <- decoder.adapter3.act",
        "left.op9.skip: same <- decoder.adapter3.act",
        "left.sum10: add <- left.op8.skip, left.op9.skip",
        // Nodes 1 and 4 were picked as inputs.
        "left.out: add <- left.sum7, left.sum10",
        "left.merge.conv: 1x1 to 8 <- left.out",
        "left.merge.bn: bn <- left.merge.conv",
        "left.merge.act: relu <- left.merge.bn",
    ];
    let block = list(&graph, "decoder.block0.");
    assert_eq!(block[..14], expected);
    let right: Vec<String> = (expected.iter())
        .map(|l| l.replace("left", "right").replace("adapter3", "adapter2"))
        .collect();
    assert_eq!(block[14..28], right);
    assert_eq!(
        block[28..],
        [
            "left.resize: resize <- left.merge.act, right.merge.act",
            "sum: add <- left.resize, right.merge.act",
        ]
    );
    // Two inputs of one resolution need no resize; here the finer one is the second.
    let sum = |prefix| list(&graph, prefix).pop().unwrap();
    assert_eq!(
        sum("decoder.block1."),
        "sum: add <- left.merge.act, right.merge.act"
    );
    assert_eq!(
        sum("decoder.block2."),
        "sum: add <- left.resize, right.merge.act"
    );
    // The third block reads the first one's sum as it is.
    let third = list(&graph, "decoder.block2.left.op1");
    assert_eq!(third, [".skip: same <- decoder.block0.sum"]);
}

#[test]
fn the_output_is_made_of_what_the_paper_says() {
    let graph = skeleton();
    assert_eq!(
        list(&graph, "decoder.head."),
        [
            // Map 5 at 1/32, to the size of map 6 at 1/4.
            "resize5: resize <- decoder.block1.sum, decoder.block2.sum",
            "concat: concat <- resize5, decoder.block2.sum",
            "relu: relu <- concat",
            "reduce.conv: 1x1 to 8 <- relu",
            "reduce.bn: bn <- reduce.conv",
            "reduce.act: relu <- reduce.bn",
            "output: 3x3 to 5, bias <- reduce.act",
        ]
    );
    for block in 0..3 {
        let lines = list(&graph, &format!("aux{block}."));
        assert_eq!(lines.len(), 12);
        assert_eq!(
            lines[0],
            format!("cell.op1.skip: same <- decoder.block{block}.sum")
        );
        assert_eq!(lines[11], "head: 3x3 to 5, bias <- cell.out");
    }
    let outputs: Vec<(&str, &str)> = (graph.outputs().iter())
        .map(|o| (o.name.as_str(), graph.nodes()[o.node].name.as_str()))
        .collect();
    let expected = [
        ("main", "decoder.head.output"),
        ("aux0", "aux0.head"),
        ("aux1", "aux1.head"),
        ("aux2", "aux2.head"),
    ];
    assert_eq!(outputs, expected);
    assert_eq!(
        list(&graph, "decoder.adapter2."),
        [
            "conv: 1x1 to 8 <- encoder.group4.block2.add",
            "bn: bn <- conv",
            "act: relu <- bn",
        ]
    );
}

#[test]
fn the_encoder_is_made_of_inverted_residuals() {
    let graph = decode(&space(48, 1), ARCH0, 21);
    assert_eq!(
        list(&graph, "encoder.group1.block1."),
        [
            "expand.conv: 1x1 to 144 <- encoder.group1.block0.project.bn",
            "expand.bn: bn <- expand.conv",
            "expand.act: relu6 <- expand.bn",
            "depthwise.conv: 3x3 to 144, 144 groups <- expand.act",
            "depthwise.bn: bn <- depthwise.conv",
            "depthwise.act: relu6 <- depthwise.bn",
            "project.conv: 1x1 to 24 <- depthwise.act",
            "project.bn: bn <- project.conv",
            "add: add <- encoder.group1.block0.project.bn, project.bn",
        ]
    );
    let encoder = graph.encoder().unwrap().unwrap();
    let count = |wanted: &Op| encoder.nodes().iter().filter(|n| n.op == *wanted).count();
    // 17 blocks with two activations each and the stem; a residual in all repeats but the first.
    let [relu, relu6] = [ActivationKind::Relu, ActivationKind::Relu6]
        .map(|function| count(&Op::Activation { function }));
    assert_eq!((relu6, relu, count(&Op::Add)), (35, 0, 10));
    assert_eq!(
        list(&graph, "encoder.stem.conv"),
        [": 3x3 to 32, stride 2 <- image"]
    );
}
