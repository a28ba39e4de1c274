//! A graph in Graphviz's DOT language.

use std::fmt::Write;

use nasfw_sdk::graph::{ActivationKind, Graph, Group, Op};

/// Draws the nodes that an output depends on: boxes with operation and channels, parts of the
/// network in different colours.
pub fn to_dot(graph: &Graph) -> String {
    let mut out = String::from("digraph network {\n  node [shape=box, style=filled];\n");
    let read = graph.reachable();
    for (id, node) in graph.nodes().iter().enumerate().filter(|(id, _)| read[*id]) {
        let colour = match node.group {
            Group::Encoder => "#dbe9f6",
            Group::Decoder => "#fdebd3",
            Group::Auxiliary => "#eeeeee",
        };
        let label = format!("{}\n{}", node.name, describe(graph, id));
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "  n{id} [label={}, fillcolor=\"{colour}\"];",
            quoted(&label)
        );
        for (at, input) in node.inputs.iter().enumerate() {
            let style = match (&node.op, at) {
                // Only its size matters.
                (Op::ResizeTo, 1) => " [style=dashed]",
                _ => "",
            };
            let _ = writeln!(out, "  n{input} -> n{id}{style};");
        }
    }
    for (at, output) in graph.outputs().iter().enumerate() {
        let name = quoted(&output.name);
        let _ = writeln!(
            out,
            "  out{at} [label={name}, shape=oval, fillcolor=white];"
        );
        let _ = writeln!(out, "  n{} -> out{at};", output.node);
    }
    out.push_str("}\n");
    out
}

fn describe(graph: &Graph, id: usize) -> String {
    let channels = graph.channels(id);
    let what = match &graph.nodes()[id].op {
        Op::Input { .. } => "input".into(),
        Op::Conv(c) => {
            let mut text = format!("conv {0}x{0}", c.kernel);
            for (name, value) in [
                ("stride", c.stride),
                ("dilation", c.dilation),
                ("groups", c.groups),
            ] {
                if value != 1 {
                    let _ = write!(text, ", {name} {value}");
                }
            }
            text
        }
        Op::BatchNorm => "batch norm".into(),
        Op::Activation { function } => match function {
            ActivationKind::Relu => "relu".to_owned(),
            ActivationKind::Relu6 => "relu6".into(),
        },
        Op::ResizeTo => "resize".into(),
        Op::GlobalAveragePool => "global average".into(),
        Op::Add => "add".into(),
        Op::Concat => "concat".into(),
        Op::Identity => "identity".into(),
        Op::Zero => "zero".into(),
    };
    format!("{what}, {channels} ch")
}

/// A DOT string literal, whatever characters the names contain.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::graph::{Conv, GraphBuilder, Role};

    #[test]
    fn what_no_output_reads_is_left_out_and_names_are_escaped() -> nasfw_sdk::Result<()> {
        let mut b = GraphBuilder::new();
        let image = b.input("a\"b", 3);
        let _unread = b.conv("unread", Conv::new(3, 2), image);
        let half = b.conv("half", Conv::new(1, 2).stride(2), image);
        let back = b.add("back", Op::ResizeTo, &[half, image]);
        b.output("main", Role::Main, back);
        let dot = to_dot(&b.finish()?);
        assert!(!dot.contains("unread"), "{dot}");
        for part in [
            r#"label="a\"b\ninput, 3 ch""#,
            r#"label="half\nconv 1x1, stride 2, 2 ch""#,
            "n0 -> n3 [style=dashed];",
            "n3 -> out0;",
        ] {
            assert!(dot.contains(part), "no `{part}` in {dot}");
        }
        Ok(())
    }
}
