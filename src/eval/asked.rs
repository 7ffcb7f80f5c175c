//! What a host was asked, and what became of the flows: kept for whoever asks the same again, of this host or of
//! another that has the same chains.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::packet::{Axis, Family, Values};

use super::compile::Host;
use super::flow::Question;
use super::kept;
use super::require::Held;

/// Answers by their questions. Several may be asked at once; whoever comes first is kept.
#[derive(Debug, Default)]
pub struct Asked<'m> {
    known: Mutex<FxHashMap<Question, Arc<Held<'m>>>>,
}

impl<'m> Asked<'m> {
    /// The answer, if this was asked before.
    pub fn find(&self, question: &Question) -> Option<Arc<Held<'m>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(question).cloned()
    }

    /// Keeps an answer.
    pub fn keep(&self, held: Arc<Held<'m>>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(held.question.clone()).or_insert(held);
    }

    /// Those of the answers of one host that are the answers of another, too, since it has the same chains over their
    /// family.
    pub fn that_hold<'n>(&self, old: &Host, new: &Host) -> Asked<'n>
    where
        'm: 'n,
    {
        let families = kept::families(old, new);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_kept = |question: &Question| {
            question.packets.cubes().iter().all(|cube| {
                let family = cube.get(Axis::Family).and_then(Values::first);
                families.iter().any(|kept: &Family| family == Some(kept.number()))
            })
        };
        let all = known.iter().filter(|(question, _)| is_kept(question));
        let all = all.map(|(question, held)| (question.clone(), Arc::clone(held) as Arc<Held<'n>>));
        Asked { known: Mutex::new(all.collect()) }
    }
}
