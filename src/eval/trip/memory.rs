//! What base chains did to flows that stand or fall together, kept for whoever asks the same of them again.
//!
//! A chain cannot tell packets apart by what none of its rules looks at. So the answers of ten services, which
//! differ in where they come from, are one question to a chain that never asks for that. Nor do a few addresses
//! that one of them leaves out make it another question: they are asked along, since what becomes of the flows of
//! one address says nothing of those of another.

use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use crate::model::Hook;
use crate::packet::{Axis, Cube, PacketSet, Ranges, TooManyPieces, Values};

use super::super::compile::{ChainId, Host, Next};
use super::Hop;

/// The answers that one host gave so far. Several questions may be asked at once; what two of them have in common
/// is worked out once.
#[derive(Debug, Default)]
pub struct Memory<'m> {
    /// For each base chain, what its rules and those of the chains that they call look at.
    named: Mutex<FxHashMap<ChainId, Arc<OnceLock<Vec<Axis>>>>>,
    known: Mutex<FxHashMap<Asked, Arc<OnceLock<Answer<'m>>>>>,
}

/// What passes, and what is lost; `None` where rules change packets, so that this tells nothing.
type Answer<'m> = Result<Option<Passed<'m>>, TooManyPieces>;

/// What a base chain is asked, without what it does not look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub hook: Hook,
    pub base: ChainId,
    /// The axis of the ephemeral port.
    pub free: Axis,
    pub cube: Cube,
}

/// What passes a base chain, and what is lost in it, in the order of the losses.
pub(super) type Passed<'m> = (PacketSet, Vec<Arc<Hop<'m>>>);

impl<'m> Memory<'m> {
    /// What a base chain leaves of a cube: from memory, or by a walk of all packets that are the same to the
    /// chain. `None` where rules change packets, so that this tells nothing.
    pub(super) fn recall(
        &self,
        host: &Host<'m>,
        asked: Asked,
        walk: impl FnOnce(PacketSet) -> Result<Option<Passed<'m>>, TooManyPieces>,
    ) -> Result<Option<Passed<'m>>, TooManyPieces> {
        let axes = cell(&self.named, asked.base);
        let axes = axes.get_or_init(|| named(host, asked.base));
        let exact = PacketSet::from(asked.cube.clone());
        let is_unseen = |axis: Axis| !axis.is_unknown() && !axes.contains(&axis);
        let asked = Asked { cube: filled(asked.cube.forget(is_unseen)), ..asked };
        let known = cell(&self.known, asked.clone());
        let passed = known.get_or_init(|| walk(asked.cube.into())).as_ref().map_err(|error| *error)?;
        let narrow = |hop: &Arc<Hop<'m>>| Arc::new(hop.of(hop.packets.and(&exact)));
        let passed = passed.as_ref();
        Ok(passed.map(|(left, hops)| (left.and(&exact), hops.iter().map(narrow).collect())))
    }
}

/// The place of an answer, which whoever comes first fills.
fn cell<K: Eq + Hash, V>(cells: &Mutex<FxHashMap<K, Arc<OnceLock<V>>>>, key: K) -> Arc<OnceLock<V>> {
    let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
    cells.entry(key).or_default().clone()
}

/// A cube whose few gaps between addresses are filled.
fn filled(cube: Cube) -> Cube {
    let fill = |cube: Cube, axis: Axis| {
        let all = cube.get(axis).and_then(Values::ranges).and_then(|all| {
            let (first, last) = (all.first()?, all.last()?);
            let span = last - first;
            (span.saturating_sub(all.count()) < span / 8).then(|| Ranges::new(first, last))
        });
        match all {
            Some(all) => cube.set(axis, all),
            None => cube,
        }
    };
    fill(fill(cube, Axis::Source), Axis::Destination)
}

/// The axes that the rules of a chain, and of all that it calls, look at.
fn named(host: &Host, base: ChainId) -> Vec<Axis> {
    let (mut named, mut waiting, mut seen) = (Vec::new(), vec![base], vec![base]);
    while let Some(chain) = waiting.pop() {
        for rule in &host.chain(chain).rules {
            for (axis, _) in rule.packets.cubes().iter().flat_map(Cube::sides) {
                if !named.contains(axis) && !matches!(axis, Axis::Atom(_)) {
                    named.push(*axis);
                }
            }
            if let Next::Jump(target) | Next::Goto(target) = rule.next
                && !seen.contains(&target)
            {
                seen.push(target);
                waiting.push(target);
            }
        }
    }
    named
}
