//! Which chains call which: what the kernel reaches, and where calls go round.

use super::compile::{ChainId, Host, Next, RuleId};

/// The jumps and gotos of a host.
#[derive(Debug)]
pub struct Calls {
    /// For each chain the rules that jump or go to it, in the order of the host.
    callers: Vec<Vec<RuleId>>,
    /// For each chain: does a jump, goto or hook lead there from a base chain?
    is_reached: Vec<bool>,
    loops: Vec<Vec<RuleId>>,
}

impl Calls {
    /// Looks at all rules of a host. A rule counts as a call even if no packet matches it.
    pub fn new(host: &Host<'_>) -> Self {
        let mut callers = vec![Vec::new(); host.chains.len()];
        let mut targets = vec![Vec::new(); host.chains.len()];
        for (id, rule) in host.rules() {
            if let Next::Jump(target) | Next::Goto(target) = rule.next {
                callers[target.0 as usize].push(id);
                targets[id.chain.0 as usize].push((id, target));
            }
        }
        let mut is_reached: Vec<bool> = host.chains.iter().map(|chain| chain.chain.base.is_some()).collect();
        let mut waiting: Vec<usize> = (0..is_reached.len()).filter(|&chain| is_reached[chain]).collect();
        while let Some(chain) = waiting.pop() {
            for (_, target) in &targets[chain] {
                let target = target.0 as usize;
                if !std::mem::replace(&mut is_reached[target], true) {
                    waiting.push(target);
                }
            }
        }
        Calls { callers, is_reached, loops: loops(&targets) }
    }

    /// The rules that jump or go to a chain, in the order of the host.
    pub fn callers(&self, chain: ChainId) -> &[RuleId] {
        &self.callers[chain.0 as usize]
    }

    /// Does a way of calls lead from a base chain to this chain? A base chain is reached itself.
    pub fn is_reached(&self, chain: ChainId) -> bool {
        self.is_reached[chain.0 as usize]
    }

    /// The chains from which calls lead to a chain and that nobody calls: base chains, most often. A
    /// base chain is its own origin.
    pub fn origins(&self, chain: ChainId) -> Vec<ChainId> {
        let mut is_seen = vec![false; self.callers.len()];
        let mut waiting = vec![chain];
        let mut origins = Vec::new();
        while let Some(chain) = waiting.pop() {
            if std::mem::replace(&mut is_seen[chain.0 as usize], true) {
                continue;
            }
            let callers = self.callers(chain);
            waiting.extend(callers.iter().map(|caller| caller.chain));
            if callers.is_empty() {
                origins.push(chain);
            }
        }
        origins
    }

    /// Calls that lead back to where they began: each as the rules that call in turn, the last one
    /// calling the chain of the first. Each loop has one call at least that no other has.
    pub fn loops(&self) -> &[Vec<RuleId>] {
        &self.loops
    }
}

/// Finds loops by going down as deep as possible, without recursion: a file may nest chains as deep
/// as it likes.
fn loops(targets: &[Vec<(RuleId, ChainId)>]) -> Vec<Vec<RuleId>> {
    let mut found = Vec::new();
    // Where a chain stands on the way that is being tried: 0 for nowhere, otherwise its depth.
    let mut depth = vec![0; targets.len()];
    let mut is_done = vec![false; targets.len()];
    for start in 0..targets.len() {
        let mut way = vec![(start, 0)];
        let mut rules: Vec<RuleId> = Vec::new();
        while let Some((chain, next)) = way.last_mut() {
            let chain = *chain;
            depth[chain] = rules.len() + 1;
            let Some((rule, target)) = targets[chain].get(*next).filter(|_| !is_done[chain]) else {
                is_done[chain] = true;
                depth[chain] = 0;
                way.pop();
                rules.pop();
                continue;
            };
            *next += 1;
            let target = target.0 as usize;
            if depth[target] > 0 {
                found.push(rules[depth[target] - 1..].iter().copied().chain([*rule]).collect());
            } else if !is_done[target] {
                rules.push(*rule);
                way.push((target, 0));
            }
        }
    }
    found
}
