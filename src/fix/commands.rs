//! Changes of what a cloud keeps: in the rules as they were read, and as commands.

use std::collections::{HashMap, HashSet};

use ipnet::IpNet;

use super::Unproven;
use crate::eval::{CompiledRule, Host};
use crate::model::{
    At, Letting, Match, NewRule, Placed, Ports, Recipe, Rule, RuleRemoval, Ruleset, Step, Verdict,
};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, Values, values};
use crate::source::{Span, Spanned};

/// Steps by which rules go that let through nothing of what new ones in front of them are for, and stop nothing else: those
/// would be left without use.
///
/// # Errors
/// Where a step is none that commands make.
pub fn removing(host: &Host, ruleset: &Ruleset, steps: &[Step]) -> Result<Vec<Step>, Unproven> {
    let removing = |step: &Step| {
        let Step::Insert { at, rules } = step else { return Err(Unproven::NotWritable) };
        let At::Before(span) = *at else { return Ok(step.clone()) };
        let named = PacketSet::from_cubes(rules.iter().map(NewRule::matched));
        let mut here = host.rules().map(|(_, rule)| rule).filter(|rule| rule.rule.span == span).peekable();
        let is_there = here.peek().is_some() && removal(ruleset, span).is_some();
        let is_needless = |rule: &CompiledRule| {
            rule.rule.verdict.value == Verdict::Drop && named.covers(&rule.packets) == Ok(true)
        };
        Ok(if is_there && here.all(is_needless) { Step::Remove(span) } else { step.clone() })
    };
    steps.iter().map(removing).collect()
}

/// The recipe by which the rule at a place is taken away, what the rule is called there, and how.
fn removal(ruleset: &Ruleset, span: Span) -> Option<(&Recipe, &RuleRemoval, &str)> {
    ruleset.recipes.iter().find_map(|recipe| {
        let (removal, name) = recipe.removed(span)?;
        Some((recipe, removal, name))
    })
}

/// Changes as commands.
#[derive(Default)]
pub struct Commands {
    /// Each is one, in lines for a shell.
    pub lines: Vec<String>,
    /// What each of them takes away from others.
    pub placed: Vec<Placed>,
    /// What they need first, as a sentence.
    pub needs: Option<String>,
}

/// Rules with changes, all of which are of the rules as they are, and leave their places to those that other commands add.
///
/// # Errors
/// Why commands do not make them.
pub fn make(before: &Ruleset, steps: &[Step], beside: &[Placed]) -> Result<Ruleset, Unproven> {
    let mut ruleset = before.clone();
    for new in added(before, steps, beside)? {
        let table = ruleset.tables.iter_mut().find(|table| *table.name == *new.table);
        let mut chains = table.into_iter().flat_map(|table| &mut table.chains);
        let chain = chains.find(|chain| chain.name == new.recipe.chain).ok_or(Unproven::NotWritable)?;
        let (At::Before(span) | At::After(span) | At::Empty(span)) = new.at;
        let packets = Match::Packets(Box::new(new.packets().into()));
        let rule = Rule {
            span,
            matches: vec![Spanned::new(packets, span)],
            actions: new.recipe.front.as_ref().map_or_else(Vec::new, |front| front.actions.clone()),
            verdict: Spanned::new(Verdict::Accept, span),
            comment: None,
        };
        chain.rules.insert(new.index(&chain.rules).ok_or(Unproven::NotWritable)?, rule);
    }
    // New rules are pointed at by the place of one that is there.
    let gone: HashSet<Span> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Remove(span) => Some(*span),
            _ => None,
        })
        .collect();
    for chain in ruleset.tables.iter_mut().flat_map(|table| &mut table.chains) {
        chain.rules.retain(|rule| rule.verdict.value == Verdict::Accept || !gone.contains(&rule.span));
    }
    Ok(ruleset)
}

/// The same as commands.
///
/// # Errors
/// Why they cannot be made by some.
pub fn of(ruleset: &Ruleset, steps: &[Step], beside: &[Placed]) -> Result<Commands, Unproven> {
    let added = added(ruleset, steps, beside)?;
    let command = |new: &New| (new.recipe.command)(&new.recipe.names, &new.letting(), new.placed.number);
    let removed = steps.iter().filter_map(|step| match step {
        Step::Remove(span) => removal(ruleset, *span),
        _ => None,
    });
    let removed = removed.map(|(recipe, removal, name)| (removal.command)(&recipe.names, name));
    let lines = removed.chain(added.iter().map(command)).collect();
    let room = added.iter().find_map(|new| new.recipe.room);
    let most = added.iter().map(|new| new.count).max().unwrap_or_default();
    let needs = room.filter(|room| most > room.usual).map(|room| {
        let usual = room.usual;
        format!("This makes {most} entries, and there may be {usual} of a family in each direction, those at the end included: have the quota raised first.")
    });
    let placed = removed_places(ruleset, steps).chain(added.into_iter().map(|new| new.placed)).collect();
    Ok(Commands { lines, placed, needs })
}

/// What rules that go by steps are told apart by.
fn removed_places(ruleset: &Ruleset, steps: &[Step]) -> impl Iterator<Item = Placed> {
    let gone = steps.iter().filter_map(|step| match step {
        Step::Remove(span) => Some((removal(ruleset, *span)?.0, *span)),
        _ => None,
    });
    gone.map(|(recipe, span)| {
        let mut taken = recipe.numbers.iter().flat_map(|numbers| &numbers.taken);
        let number = taken.find(|taken| taken.0 == span).map_or(0, |taken| taken.1);
        Placed { list: recipe.list.clone(), number, named: None, counted: None }
    })
}

/// The rules that are added by steps, each of which is one command, beside those that others add.
fn added<'r>(ruleset: &'r Ruleset, steps: &'r [Step], beside: &[Placed]) -> Result<Vec<New<'r>>, Unproven> {
    let mut all: Vec<New> = Vec::new();
    for step in steps {
        let (at, rules) = match step {
            Step::Insert { at, rules } => (at, rules),
            Step::Remove(span) if removal(ruleset, *span).is_some() => continue,
            _ => return Err(Unproven::NotWritable),
        };
        for rule in rules {
            let new = New::of(ruleset, *at, rule).ok_or(Unproven::NotWritable)?;
            match all.iter_mut().find(|other| other.is_like(&new)) {
                Some(other) => other.join(new),
                None => all.push(new),
            }
        }
    }
    // What goes for another finding cannot go again.
    if removed_places(ruleset, steps).any(|gone| beside.contains(&gone)) {
        return Err(Unproven::NoNumber);
    }
    let (mut numbered, mut placed): (Vec<New>, Vec<Placed>) = (Vec::new(), beside.to_vec());
    for new in all.into_iter().flat_map(New::each) {
        let is_counted = |other: &&Placed| {
            other.list == new.recipe.list && other.counted.is_some() && other.counted == new.placed.counted
        };
        let others = placed.iter().filter(is_counted).count();
        let count = new.recipe.room.map_or(0, |room| room.own[new.family as usize] + others + 1);
        if new.recipe.room.is_some_and(|room| count > room.most) {
            return Err(Unproven::NoRoom);
        }
        // Rules without numbers that are known by what they let through cannot be made twice.
        if new.recipe.front.is_some() && beside.iter().any(|other| new.placed.hangs_on(other)) {
            return Err(Unproven::NoNumber);
        }
        let number = new.recipe.number(new.limit, new.placed.clone(), &placed);
        let is_first = placed.iter().all(|other| other.list != new.recipe.list);
        let own = number.ok_or(if is_first { Unproven::NoNumber } else { Unproven::FewNumbers })?;
        placed.push(own.clone());
        numbered.push(New { placed: own, count, ..new });
    }
    Ok(numbered)
}

/// A rule that a command adds.
#[derive(Clone)]
struct New<'r> {
    recipe: &'r Recipe,
    table: &'r str,
    /// Where it is to stand.
    at: At,
    /// The highest number that it may have.
    limit: i64,
    /// The one that it has, and what else it takes away from others.
    placed: Placed,
    /// How many of its family there are with it, where they are counted.
    count: usize,
    family: Family,
    protocol: &'static str,
    ports: Ports,
    /// `None` for any.
    addresses: Option<Ranges>,
}

impl<'r> New<'r> {
    /// A rule that commands can say: it lets through one protocol, some ports in a row, and some addresses elsewhere.
    fn of(ruleset: &'r Ruleset, at: At, rule: &'r NewRule) -> Option<Self> {
        let recipe = ruleset.recipes.iter().find(|recipe| recipe.chain == rule.chain)?;
        // What stands in front of all that the command can put there takes the packets all the same.
        let takes_before = recipe.front.as_ref().is_some_and(|front| {
            let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
            let mut rules = chains.filter(|chain| chain.name == rule.chain).flat_map(|it| &it.rules);
            matches!(at, At::Before(span) if rules.position(|other| other.span == span) < Some(front.index))
        });
        let said = [Axis::Protocol, Axis::DestinationPort, recipe.far];
        let is_said = !takes_before && rule.packets.sides().iter().all(|(axis, _)| said.contains(axis));
        let of = |axis| rule.packets.get(axis).and_then(Values::ranges);
        let protocol = match of(Axis::Protocol)?.only()? {
            6 => "tcp",
            17 => "udp",
            _ => return None,
        };
        let ports = Ports::of(of(Axis::DestinationPort)?)?;
        let addresses = of(recipe.far).cloned();
        (is_said && rule.verdict == Verdict::Accept).then_some(())?;
        let (limit, table) = (recipe.limit(at)?, &*rule.table);
        let (family, placed) = (rule.family, recipe.placed(rule.family, protocol, ports));
        Some(New { recipe, table, at, limit, placed, count: 0, family, protocol, ports, addresses })
    }

    /// Do both let the same through but for the addresses?
    fn is_like(&self, other: &New) -> bool {
        self.recipe.chain == other.recipe.chain
            && (self.family, self.protocol, self.ports) == (other.family, other.protocol, other.ports)
    }

    /// Takes in what one like it lets through.
    fn join(&mut self, other: New<'r>) {
        if other.limit < self.limit {
            (self.limit, self.at) = (other.limit, other.at);
        }
        self.addresses =
            self.addresses.as_ref().zip(other.addresses.as_ref()).map(|(own, more)| own.or(more));
    }

    /// The rules that it takes: one for each prefix where a rule names no more.
    fn each(self) -> Vec<New<'r>> {
        let Some(addresses) = self.addresses.as_ref().filter(|_| self.recipe.room.is_some()) else {
            return vec![self];
        };
        let range = |net: IpNet| values::prefix(net.addr(), net.prefix_len());
        let ranges = Letting::subnets(self.family, addresses).map(range);
        ranges.map(|(low, high)| New { addresses: Some(Ranges::new(low, high)), ..self.clone() }).collect()
    }

    /// Where it stands among the rules of its chain: where its number says, if it has one that counts.
    fn index(&self, rules: &[Rule]) -> Option<usize> {
        if let Some(front) = &self.recipe.front {
            return Some(front.index.min(rules.len()));
        }
        let numbers = self.recipe.numbers.iter().flat_map(|numbers| numbers.taken.iter().copied());
        let numbers: HashMap<Span, i64> = numbers.collect();
        let later = |rule: &Rule| numbers.get(&rule.span).is_some_and(|number| *number > self.placed.number);
        let earlier =
            |rule: &Rule| numbers.get(&rule.span).is_some_and(|number| *number <= self.placed.number);
        let by_number = rules.iter().position(later);
        by_number.or_else(|| Some(rules.iter().rposition(earlier)? + 1)).or_else(|| match self.at {
            At::Before(span) => rules.iter().position(|rule| rule.span == span),
            At::After(span) => Some(rules.iter().rposition(|rule| rule.span == span)? + 1),
            At::Empty(_) => Some(0),
        })
    }

    fn letting(&self) -> Letting {
        let any = || Ranges::new(0, u128::MAX);
        let addresses = self.addresses.clone().unwrap_or_else(any);
        Letting::new(self.family, self.protocol, self.ports, &addresses)
    }

    fn packets(&self) -> Cube {
        let protocol = if self.protocol == "tcp" { 6 } else { 17 };
        let cube = Cube::any()
            .set(Axis::Family, Ranges::single(self.family.number()))
            .set(Axis::Protocol, Ranges::single(protocol))
            .set(Axis::DestinationPort, Ranges::new(self.ports.first.into(), self.ports.last.into()));
        match &self.addresses {
            Some(addresses) => cube.set(self.recipe.far, addresses.clone()),
            None => cube,
        }
    }
}
