//! Changes of what a cloud keeps: in the rules as they were read, and as commands.

use crate::model::{At, Letting, Match, NewRule, Recipe, Rule, Ruleset, Step, Verdict};
use crate::packet::{Axis, Cube, Family, Ranges, Values};
use crate::source::Spanned;

/// Makes changes in rules; `None` if they are not among those that commands make.
pub fn make(ruleset: &mut Ruleset, steps: &[Step]) -> Option<()> {
    for step in steps {
        let Step::Insert { at, rules } = step else { return None };
        for new in rules {
            let table = ruleset.tables.iter_mut().find(|table| table.name == new.table)?;
            let chain = table.chains.iter_mut().find(|chain| chain.name == new.chain)?;
            let front = ruleset.recipes.iter().find(|recipe| recipe.chain == new.chain);
            let front = front.and_then(|recipe| recipe.front.as_ref());
            let index = match at {
                _ if front.is_some() => front?.index.min(chain.rules.len()),
                At::Before(span) => chain.rules.iter().position(|rule| rule.span == *span)?,
                At::After(span) => chain.rules.iter().rposition(|rule| rule.span == *span)? + 1,
                At::Empty(_) => 0,
            };
            let (At::Before(span) | At::After(span) | At::Empty(span)) = *at;
            let packets = Match::Packets(Box::new(new.matched().into()));
            let rule = Rule {
                span,
                matches: vec![Spanned::new(packets, span)],
                actions: front.map_or_else(Vec::new, |front| front.actions.clone()),
                verdict: Spanned::new(new.verdict.clone(), span),
                comment: None,
            };
            chain.rules.insert(index, rule);
        }
    }
    Some(())
}

/// Changes as commands; `None` if they cannot be made by some.
pub fn of(ruleset: &Ruleset, steps: &[Step]) -> Option<Vec<String>> {
    let mut all: Vec<New> = Vec::new();
    for step in steps {
        let Step::Insert { at, rules } = step else { return None };
        for rule in rules {
            let new = New::of(ruleset, *at, rule)?;
            match all.iter_mut().find(|other| other.is_like(&new)) {
                Some(other) => {
                    other.limit = other.limit.min(new.limit);
                    other.addresses = other.addresses.or(&new.addresses);
                }
                None => all.push(new),
            }
        }
    }
    let mut numbers = Vec::new();
    let command = |new: New| {
        let number = new.recipe.number(new.limit, &numbers)?;
        numbers.push(number);
        Some((new.recipe.command)(&new.recipe.names, &new.letting(), number))
    };
    all.into_iter().map(command).collect()
}

/// A rule that a command adds.
struct New<'r> {
    recipe: &'r Recipe,
    /// The highest number that it may have.
    limit: i64,
    family: Family,
    protocol: &'static str,
    port: u16,
    addresses: Ranges,
}

impl<'r> New<'r> {
    /// A rule that commands can say: it lets out one protocol to one port of some addresses.
    fn of(ruleset: &'r Ruleset, at: At, rule: &NewRule) -> Option<Self> {
        const SAID: [Axis; 3] = [Axis::Protocol, Axis::DestinationPort, Axis::Destination];
        let recipe = ruleset.recipes.iter().find(|recipe| recipe.chain == rule.chain)?;
        // What stands in front of all that the command can put there takes the packets all the same.
        let takes_before = recipe.front.as_ref().is_some_and(|front| {
            let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
            let mut rules = chains.filter(|chain| chain.name == rule.chain).flat_map(|it| &it.rules);
            matches!(at, At::Before(span) if rules.position(|other| other.span == span) < Some(front.index))
        });
        let is_said = !takes_before && rule.packets.sides().iter().all(|(axis, _)| SAID.contains(axis));
        let only = |axis| only(&rule.packets, axis);
        let protocol = match only(Axis::Protocol)? {
            6 => "tcp",
            17 => "udp",
            _ => return None,
        };
        let port = u16::try_from(only(Axis::DestinationPort)?).ok()?;
        let addresses = rule.packets.get(Axis::Destination).and_then(Values::ranges);
        let addresses = addresses.cloned().unwrap_or_else(|| Ranges::new(0, u128::MAX));
        (is_said && rule.verdict == Verdict::Accept).then_some(())?;
        Some(New { recipe, limit: recipe.limit(at)?, family: rule.family, protocol, port, addresses })
    }

    /// Do both let out the same but to other addresses?
    fn is_like(&self, other: &New) -> bool {
        self.recipe.chain == other.recipe.chain
            && (self.family, self.protocol, self.port) == (other.family, other.protocol, other.port)
    }

    fn letting(&self) -> Letting {
        Letting::new(self.family, self.protocol, self.port, &self.addresses)
    }
}

fn only(packets: &Cube, axis: Axis) -> Option<u128> {
    packets.get(axis).and_then(Values::ranges)?.only()
}
