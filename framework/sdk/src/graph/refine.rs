//! Colours of values: equal ones only where two values may be exchanged.

use std::collections::{BTreeMap, BTreeSet};

use super::values::{Operand, Value, ValueId};

/// A hash of a value and of what is known of the values around it.
pub(super) type Colour = [u8; 32];

/// Values coloured in one go, beyond which ties stay: seconds. A network of 500 values whose every
/// value has a twin needs a fiftieth of it.
const MAX_COLOURED: usize = 5_000_000;

/// A reader of a value.
#[derive(Clone, Copy)]
enum Reader {
    /// A value that reads it at a place.
    Value(u64, ValueId),
    /// An output.
    Output(Colour),
}

/// A network whose values are coloured.
pub(super) struct Coloured<'a> {
    values: &'a [Value],
    readers: Vec<Vec<Reader>>,
    colours: Vec<Colour>,
}

impl<'a> Coloured<'a> {
    /// Begins with the colour of each value by itself, and the outputs, each with its colour.
    pub(super) fn new(
        values: &'a [Value],
        own: impl Fn(&Value) -> Colour,
        outputs: impl IntoIterator<Item = (ValueId, Colour)>,
    ) -> Self {
        let mut readers: Vec<Vec<Reader>> = vec![Vec::new(); values.len()];
        for (id, value) in values.iter().enumerate() {
            for &Operand { value, place } in &value.operands {
                readers[value].push(Reader::Value(place, id));
            }
        }
        for (value, colour) in outputs {
            readers[value].push(Reader::Output(colour));
        }
        Self {
            values,
            readers,
            colours: values.iter().map(own).collect(),
        }
    }

    /// Colours every value by its place in the network, and returns the colours in order of size.
    ///
    /// Colours are refined by those of operands and readers (Weisfeiler and Leman 1968). Where
    /// that leaves values alike, one of them is marked and the others follow: of each smallest
    /// class the member is marked that gives the least colours. Members that give equal ones are
    /// taken for exchangeable.
    pub(super) fn colours(mut self) -> Vec<Colour> {
        self.refine();
        let mut coloured = 0;
        while let Some(class) = self.tied() {
            coloured += class.len() * self.values.len();
            if coloured > MAX_COLOURED {
                break;
            }
            let marked = class.into_iter().map(|value| self.marked(value));
            if let Some((_, colours)) = marked.min_by(|a, b| a.0.cmp(&b.0)) {
                self.colours = colours;
            }
        }
        sorted(&self.colours)
    }

    /// Refines all colours until no class of equal ones divides further.
    fn refine(&mut self) {
        let mut classes = 0;
        loop {
            self.up();
            self.down();
            let now = self.colours.iter().collect::<BTreeSet<_>>().len();
            if now == classes {
                break;
            }
            classes = now;
        }
    }

    /// Refines each colour by those of the operands, from the inputs on.
    fn up(&mut self) {
        for (id, value) in self.values.iter().enumerate() {
            let operands = value.operands.iter();
            let around = operands.map(|o| (o.place, self.colours[o.value])).collect();
            self.colours[id] = refined(0, &self.colours[id], around);
        }
    }

    /// Refines each colour by those of the readers, from the outputs on.
    fn down(&mut self) {
        for id in (0..self.values.len()).rev() {
            let around = (self.readers[id].iter())
                .map(|reader| match *reader {
                    Reader::Value(place, reader) => (place, self.colours[reader]),
                    // No place of an operand.
                    Reader::Output(colour) => (u64::MAX, colour),
                })
                .collect();
            self.colours[id] = refined(1, &self.colours[id], around);
        }
    }

    /// The smallest class of values alike, and of several the one of the least colour.
    fn tied(&self) -> Option<Vec<ValueId>> {
        let mut classes: BTreeMap<&Colour, Vec<ValueId>> = BTreeMap::new();
        for (id, colour) in self.colours.iter().enumerate() {
            classes.entry(colour).or_default().push(id);
        }
        let tied = classes.into_values().filter(|class| class.len() > 1);
        tied.min_by_key(Vec::len)
    }

    /// The colours once `value` has one of its own, sorted and by value.
    fn marked(&self, value: ValueId) -> (Vec<Colour>, Vec<Colour>) {
        let mut colours = self.colours.clone();
        colours[value] = refined(2, &colours[value], Vec::new());
        let mut marked = Self {
            readers: self.readers.clone(),
            colours,
            values: self.values,
        };
        marked.refine();
        (sorted(&marked.colours), marked.colours)
    }
}

fn sorted(colours: &[Colour]) -> Vec<Colour> {
    let mut colours = colours.to_vec();
    colours.sort_unstable();
    colours
}

/// The colour of a value among neighbours, in whatever order they are given.
fn refined(direction: u8, own: &Colour, mut around: Vec<(u64, Colour)>) -> Colour {
    around.sort_unstable();
    let mut bytes = vec![direction];
    bytes.extend(own);
    for (place, colour) in &around {
        bytes.extend(place.to_le_bytes());
        bytes.extend(colour);
    }
    *blake3::hash(&bytes).as_bytes()
}
