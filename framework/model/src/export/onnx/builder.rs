//! Nodes and constants under unique names.

use std::collections::BTreeSet;

use super::proto::{
    Attribute, Dimension, Extent, Graph, Node, Shape, Tensor, TensorType, Type, ValueInfo, element,
    kind,
};

/// One dimension of an input or output.
pub(super) enum Dim {
    Fixed(usize),
    Named(String),
}

/// A graph under construction.
#[derive(Default)]
pub(super) struct Builder {
    graph: Graph,
    taken: BTreeSet<String>,
}

impl Builder {
    /// A name like `wanted` that no other value has.
    pub(super) fn name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut n = 1;
        while !self.taken.insert(name.clone()) {
            name = format!("{wanted}_{n}");
            n += 1;
        }
        name
    }

    /// Adds a node with one output, named after `name`; returns the actual name.
    pub(super) fn node(
        &mut self,
        op_type: &str,
        name: &str,
        inputs: &[&str],
        attributes: Vec<Attribute>,
    ) -> String {
        let output = self.name(name);
        self.node_to(op_type, &output, inputs, attributes);
        output
    }

    /// Adds a node whose output has a name reserved for it.
    pub(super) fn node_to(
        &mut self,
        op_type: &str,
        output: &str,
        inputs: &[&str],
        attributes: Vec<Attribute>,
    ) {
        self.graph.nodes.push(Node {
            inputs: inputs.iter().map(|&i| i.to_owned()).collect(),
            outputs: vec![output.to_owned()],
            name: output.to_owned(),
            op_type: op_type.into(),
            attributes,
        });
    }

    /// A constant of floats.
    pub(super) fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        let name = self.name(name);
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let dims = dims.iter().map(|&d| d as i64).collect();
        self.graph.initializers.push(Tensor {
            dims,
            element: element::FLOAT,
            name: name.clone(),
            raw,
        });
        name
    }

    pub(super) fn input(&mut self, name: &str, element: i32, dims: Vec<Dim>, doc: &str) {
        let info = value(name, element, dims, doc);
        self.graph.inputs.push(info);
    }

    pub(super) fn output(&mut self, name: &str, dims: Vec<Dim>, doc: &str) {
        let info = value(name, element::FLOAT, dims, doc);
        self.graph.outputs.push(info);
    }

    pub(super) fn finish(self, name: &str) -> Graph {
        Graph {
            name: name.into(),
            ..self.graph
        }
    }
}

fn value(name: &str, element: i32, dims: Vec<Dim>, doc: &str) -> ValueInfo {
    let dims = (dims.into_iter())
        .map(|dim| Dimension {
            extent: Some(match dim {
                Dim::Fixed(n) => Extent::Fixed(n as i64),
                Dim::Named(name) => Extent::Named(name),
            }),
        })
        .collect();
    ValueInfo {
        name: name.into(),
        r#type: Some(Type {
            tensor: Some(TensorType {
                element,
                shape: Some(Shape { dims }),
            }),
        }),
        doc: doc.into(),
    }
}

/// A whole-number attribute.
pub(super) fn int(name: &str, value: i64) -> Attribute {
    Attribute {
        name: name.into(),
        int: value,
        kind: kind::INT,
        ..Attribute::default()
    }
}

/// An attribute of whole numbers.
pub(super) fn ints(name: &str, values: &[usize]) -> Attribute {
    Attribute {
        name: name.into(),
        ints: values.iter().map(|&v| v as i64).collect(),
        kind: kind::INTS,
        ..Attribute::default()
    }
}

/// A text attribute.
pub(super) fn text(name: &str, value: &str) -> Attribute {
    Attribute {
        name: name.into(),
        text: value.into(),
        kind: kind::STRING,
        ..Attribute::default()
    }
}

/// A float constant of one element, as an attribute.
pub(super) fn scalar(name: &str, value: f32) -> Attribute {
    Attribute {
        name: name.into(),
        tensor: Some(Tensor {
            dims: vec![1],
            element: element::FLOAT,
            name: String::new(),
            raw: value.to_le_bytes().to_vec(),
        }),
        kind: kind::TENSOR,
        ..Attribute::default()
    }
}
