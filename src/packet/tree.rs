//! Finds cubes by several axes at once: a trie for the first, in each node one for the next.

use smallvec::{SmallVec, smallvec};

use super::{Axis, Cube, Ranges, Values};

/// A path-compressed binary trie over the prefixes of one axis. A cube is filed under the longest
/// prefix that holds all of its values there; what shares a prefix is sorted by the next axis.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// The prefix; bits behind its length are zero.
    bits: u128,
    length: u32,
    children: [u32; 2],
    /// The newest number here and below.
    newest: u32,
    here: Bag,
}

/// What shares a prefix.
#[derive(Debug)]
enum Bag {
    Short(SmallVec<[u32; 4]>),
    Sorted(Box<Tree>),
}

/// No node.
const NONE: u32 = u32::MAX;

/// So many cubes are tried one by one before they are sorted by the next axis.
const SHORT: usize = 8;

/// So many ranges of a question are looked up one by one; more are joined to one.
const FEW: usize = 16;

/// The ranges of a question on one axis.
type Spans = SmallVec<[(u128, u128); 1]>;

/// The ranges of a question on each axis of a tree.
pub(super) type Question = Vec<Spans>;

/// What a tree with these axes is asked for the cubes that overlap a cube.
pub(super) fn question(cube: &Cube, axes: &[Axis]) -> Question {
    axes.iter().map(|axis| spans(cube.get(*axis))).collect()
}

/// How many values the ranges of a question hold on one axis, about.
pub(super) fn width(spans: &[(u128, u128)]) -> u128 {
    spans.iter().fold(0, |sum: u128, (low, high)| sum.saturating_add(high - low))
}

impl Tree {
    /// Files the cube of a number, which must be greater than all before.
    pub(super) fn insert(&mut self, axes: &[Axis], number: u32, cubes: &[Cube]) {
        let Some((axis, rest)) = axes.split_first() else { return };
        let (bits, length) = place(cubes[number as usize].get(*axis));
        let at = self.node(bits, length, number);
        self.nodes[at].here.insert(rest, number, cubes);
    }

    /// Adds the numbers from `since` on of the cubes that may overlap what is asked for. None is
    /// missing, some are too many; it leaves off once it has found more than `most`.
    pub(super) fn find(&self, question: &[Spans], since: u32, most: usize, found: &mut Vec<u32>) {
        let Some((spans, rest)) = question.split_first() else { return };
        let mut open: SmallVec<[u32; 64]> = smallvec![0];
        while let Some(node) = open.pop().and_then(|at| self.nodes.get(at as usize)) {
            let end = node.bits | free(node.length);
            if found.len() > most {
                return;
            }
            if node.newest < since || !spans.iter().any(|(low, high)| node.bits <= *high && *low <= end) {
                continue;
            }
            match &node.here {
                Bag::Short(numbers) => found.extend(numbers.iter().filter(|&&number| number >= since)),
                Bag::Sorted(tree) => tree.find(rest, since, most, found),
            }
            open.extend(node.children.into_iter().filter(|&child| child != NONE));
        }
    }

    /// The node of a prefix, made if there is none. All on the way hear of the number.
    fn node(&mut self, bits: u128, length: u32, number: u32) -> usize {
        if self.nodes.is_empty() {
            self.push(0, 0, number);
        }
        let mut at = 0;
        loop {
            let node = &mut self.nodes[at];
            let common = (node.bits ^ bits).leading_zeros().min(node.length).min(length);
            if common < node.length {
                return self.split(at, common, (bits, length), number);
            }
            node.newest = number;
            if length == node.length {
                return at;
            }
            let side = bit(bits, common);
            match node.children[side] {
                NONE => {
                    let new = self.push(bits, length, number);
                    self.nodes[at].children[side] = new;
                    return new as usize;
                }
                child => at = child as usize,
            }
        }
    }

    /// Shortens a node to what it has in common with a prefix, puts the rest of it below, and returns
    /// the node of the prefix.
    fn split(&mut self, at: usize, common: u32, (bits, length): (u128, u32), number: u32) -> usize {
        let upper = Node::new(bits & !free(common), common, number);
        let lower = std::mem::replace(&mut self.nodes[at], upper);
        let side = bit(lower.bits, common);
        self.nodes[at].children[side] = self.nodes.len() as u32;
        self.nodes.push(lower);
        if length == common {
            return at;
        }
        let new = self.push(bits, length, number);
        self.nodes[at].children[1 - side] = new;
        new as usize
    }

    fn push(&mut self, bits: u128, length: u32, number: u32) -> u32 {
        self.nodes.push(Node::new(bits, length, number));
        self.nodes.len() as u32 - 1
    }
}

impl Node {
    fn new(bits: u128, length: u32, newest: u32) -> Self {
        Node { bits, length, children: [NONE; 2], newest, here: Bag::Short(SmallVec::new()) }
    }
}

impl Bag {
    fn insert(&mut self, axes: &[Axis], number: u32, cubes: &[Cube]) {
        match self {
            Bag::Sorted(tree) => tree.insert(axes, number, cubes),
            Bag::Short(numbers) if numbers.len() < SHORT || axes.is_empty() => numbers.push(number),
            Bag::Short(numbers) => {
                let mut tree = Tree::default();
                numbers.push(number);
                numbers.iter().for_each(|&number| tree.insert(axes, number, cubes));
                *self = Bag::Sorted(tree.into());
            }
        }
    }
}

/// The bits behind the first `length`.
fn free(length: u32) -> u128 {
    u128::MAX.checked_shr(length).unwrap_or(0)
}

/// The bit behind the first `length`, of which there must be one.
fn bit(bits: u128, length: u32) -> usize {
    (bits >> (127 - length) & 1) as usize
}

/// The longest prefix that holds all values.
fn place(values: Option<&Values>) -> (u128, u32) {
    let ends = values.and_then(Values::ranges).and_then(Ranges::ends);
    let Some((low, high)) = ends else { return (0, 0) };
    let length = (low ^ high).leading_zeros();
    (low & !free(length), length)
}

/// The ranges of values, joined to one if there are many.
fn spans(values: Option<&Values>) -> Spans {
    let Some(ranges) = values.and_then(Values::ranges) else { return smallvec![(0, u128::MAX)] };
    match (ranges.as_one(), ranges.first(), ranges.last()) {
        (Some(one), _, _) => smallvec![one],
        _ if ranges.iter().take(FEW + 1).count() <= FEW => ranges.iter().collect(),
        (_, Some(low), Some(high)) => smallvec![(low, high)],
        _ => SmallVec::new(),
    }
}
