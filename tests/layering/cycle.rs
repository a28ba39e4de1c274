//! Imports between names, and the shortest cycle among them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

/// `from` imports `to`, at `at` (file and line).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) at: String,
}

/// The shortest cycle, one import per line.
pub(crate) fn shortest(edges: &Vec<Edge>) -> Option<String> {
    let mut from: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        from.entry(&edge.from).or_default().push(edge);
    }
    let circles = from.keys().filter_map(|start| circle(start, &from));
    let circle = circles.min_by_key(Vec::len)?;
    let mut text = String::new();
    for Edge { from, to, at } in circle {
        writeln!(text, "    {from} -> {to}   ({at})").unwrap();
    }
    Some(text)
}

/// The shortest path from `start` back to it.
fn circle<'a>(start: &str, from: &BTreeMap<&str, Vec<&'a Edge>>) -> Option<Vec<&'a Edge>> {
    let mut arrived: BTreeMap<&str, &Edge> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(at) = open.pop_front() {
        for &edge in from.get(at).into_iter().flatten() {
            if !arrived.contains_key(&*edge.to) {
                arrived.insert(&edge.to, edge);
                open.push_back(&edge.to);
            }
        }
    }
    let mut way = vec![*arrived.get(start)?];
    while way[way.len() - 1].from != start {
        way.push(arrived[&*way[way.len() - 1].from]);
    }
    way.reverse();
    Some(way)
}
