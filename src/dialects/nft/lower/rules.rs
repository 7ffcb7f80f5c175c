//! Rules: statement by statement, to one rule of the model or several.

use smallvec::SmallVec;

use super::sets::Sets;
use super::{actions, compare, maps, nat, reject, written, xtables};
use crate::dialects::nft::ast::{
    Expression, ExpressionKind, Family, Group, Rule, StatefulKind, Statement, StatementKind, Target, Verdict,
};
use crate::model::{self, Action, Atom, AtomKind, Match, Remark};
use crate::packet::{Axis, Ranges, Values};
use crate::source::{Span, Spanned};

/// What is surely true of the packets that come to a statement, axis by axis.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(SmallVec<[(Axis, Values); 6]>);

impl Known {
    /// What is known on an axis of ranges.
    pub fn ranges(&self, axis: Axis) -> Option<&Ranges> {
        self.0.iter().find(|side| side.0 == axis).and_then(|side| side.1.ranges())
    }

    /// Notes a condition. Is it true of all packets already?
    pub fn narrow(&mut self, axis: Axis, values: &Values) -> bool {
        match self.0.iter_mut().find(|side| side.0 == axis) {
            Some((_, known)) => {
                let is_told = values.covers(known);
                if !is_told {
                    *known = known.and(values);
                }
                is_told
            }
            None => {
                self.0.push((axis, values.clone()));
                values.is_all(axis)
            }
        }
    }

    /// Forgets what an action changes.
    pub fn forget(&mut self, axis: Axis) {
        self.0.retain(|side| side.0 != axis);
    }
}

/// A rule that is being worked out.
pub(super) struct Builder<'s, 't> {
    pub family: Family,
    pub sets: &'s Sets<'s, 't>,
    pub known: Known,
    pub matches: Vec<Spanned<Match>>,
    pub actions: Vec<Spanned<Action>>,
    pub remarks: Vec<Remark>,
    /// What has become of the rule so far, behind all that was there.
    pub done: Vec<model::Rule>,
    /// Chains that stand in braces in the rule.
    pub chains: Vec<InBraces<'s, 't>>,
    /// Would something be believed if another program had made the table?
    pub is_doubted: bool,
    rule: &'s Rule<'t>,
    span: Span,
}

/// A chain that stands in braces in a rule: its name, its rules, its place.
pub(super) type InBraces<'s, 't> = (Box<str>, &'s [Rule<'t>], Span);

/// Works a rule out. What becomes of it stands behind what is done already.
pub(super) fn rule<'s, 't>(
    family: Family,
    sets: &'s Sets<'s, 't>,
    rule: &'s Rule<'t>,
    done: Vec<model::Rule>,
) -> Builder<'s, 't> {
    let mut known = Known::default();
    let families = super::load::families(family);
    let of_family = crate::packet::Family::ALL.into_iter().filter(|it| families.has(*it));
    let of_family = of_family.map(|family| (family.number(), family.number()));
    known.narrow(Axis::Family, &Ranges::union(of_family).into());
    let mut builder = Builder {
        family,
        sets,
        known,
        matches: Vec::with_capacity(rule.statements.len()),
        actions: Vec::new(),
        remarks: Vec::new(),
        done,
        chains: Vec::new(),
        is_doubted: false,
        rule,
        span: rule.span,
    };
    builder.statements(&rule.statements);
    builder
}

impl<'s, 't> Builder<'s, 't> {
    /// The statements from one on; what they decide.
    fn statements(&mut self, statements: &'s [Statement<'t>]) {
        let mut rest = statements.iter();
        while let Some(statement) = rest.next() {
            let is_condition = !matches!(
                statement.kind,
                StatementKind::Verdict(_) | StatementKind::Passive(_) | StatementKind::Set(_)
            );
            if is_condition && !self.actions.is_empty() {
                self.split();
            }
            if let Some(verdict) = self.statement(statement, rest.as_slice()) {
                return self.finish(Spanned::new(verdict, statement.span));
            }
            if matches!(statement.kind, StatementKind::VerdictMap(_)) {
                return;
            }
        }
        self.finish(Spanned::new(model::Verdict::Continue, self.span));
    }

    /// One statement; its verdict if it ends the rule.
    fn statement(
        &mut self,
        statement: &'s Statement<'t>,
        rest: &'s [Statement<'t>],
    ) -> Option<model::Verdict> {
        match &statement.kind {
            StatementKind::Match { .. } | StatementKind::Flags(_) => compare::add(self, statement),
            StatementKind::Verdict(verdict) => return Some(self.verdict(verdict)),
            StatementKind::VerdictMap(sides) => self.verdict_map(statement, &sides.0, &sides.1, rest),
            StatementKind::Reject(with) => return Some(reject::verdict(self, with.as_ref(), statement.span)),
            StatementKind::Nat { .. } => return nat::statement(self, statement),
            StatementKind::Notrack => self.actions.push(Spanned::new(Action::NoTrack, statement.span)),
            StatementKind::Set(sides) => actions::set(self, statement, &sides.0, &sides.1),
            StatementKind::Queue { .. } => return Some(model::Verdict::Queue),
            StatementKind::Tproxy => self.atom("a socket takes it".into(), AtomKind::Pure, statement.span),
            StatementKind::Update { statements, .. } | StatementKind::Meter { statements, .. } => {
                self.noted(statement);
                // What is done for each member may decide, as a limit does.
                if statements.iter().any(decides) {
                    self.atom_of(statement);
                }
            }
            StatementKind::Limit { .. } | StatementKind::Quota { .. } | StatementKind::CtCount { .. } => {
                self.atom_of(statement);
            }
            StatementKind::Stateful(StatefulKind::Limit | StatefulKind::Quota, _) => self.atom_of(statement),
            StatementKind::Stateful(StatefulKind::Synproxy, _) | StatementKind::Synproxy => {
                return Some(model::Verdict::Unknown("synproxy".into()));
            }
            StatementKind::Stateful(kind, name) => {
                self.found_in(name, statement);
                if *kind != StatefulKind::Counter {
                    self.noted(statement);
                }
            }
            StatementKind::Passive("counter" | "last") => {}
            StatementKind::Passive("reset tcp option") => written::reset_option(self, statement),
            StatementKind::Passive(_) => self.noted(statement),
            StatementKind::Forward => return Some(model::Verdict::Unknown("fwd".into())),
            StatementKind::Xt { kind, name } => return self.xtables(&kind.value, &name.value, statement),
            StatementKind::Unknown => {
                self.atom("what is not understood".into(), AtomKind::Free, statement.span);
                if rest.is_empty() {
                    return Some(model::Verdict::Unknown("what is not understood".into()));
                }
            }
        }
        None
    }

    fn verdict(&mut self, verdict: &'s Verdict<'t>) -> model::Verdict {
        match verdict {
            Verdict::Accept => model::Verdict::Accept,
            Verdict::Drop => model::Verdict::Drop,
            Verdict::Continue => model::Verdict::Continue,
            Verdict::Return => model::Verdict::Return,
            Verdict::Jump(target) => self.target(target).map_or_else(unknown, model::Verdict::Jump),
            Verdict::Goto(target) => self.target(target).map_or_else(unknown, model::Verdict::Goto),
        }
    }

    fn target(&mut self, target: &'s Target<'t>) -> Option<Box<str>> {
        match target {
            Target::Chain(name) => Some(name.value.as_ref().into()),
            Target::Rules(rules) => {
                let name: Box<str> = format!("{{{}}}", rules.span.start).into();
                self.chains.push((name.clone(), &rules.value, rules.span));
                Some(name)
            }
            Target::Unknown(_) => None,
        }
    }

    /// Each element with its verdict is a rule of its own. A packet that is in none goes on to the next
    /// rule; only `continue` leads to the statements behind the map.
    fn verdict_map(
        &mut self,
        statement: &'s Statement<'t>,
        key: &Expression<'t>,
        map: &'s Expression<'t>,
        rest: &'s [Statement<'t>],
    ) {
        let Ok(entries) = maps::entries(self, key, map, statement.span) else {
            self.atom(text_of(statement).0, AtomKind::Free, statement.span);
            return self.finish(Spanned::new(model::Verdict::Unknown("vmap".into()), statement.span));
        };
        let (matches, known) = (self.matches.clone(), self.known.clone());
        for entry in entries {
            let span = if is_inside(entry.span, self.rule.span) { entry.span } else { self.rule.span };
            (self.matches, self.known, self.span) = (matches.clone(), known.clone(), span);
            self.matches.push(Spanned::new(entry.packets, span));
            match entry.value.resolved() {
                ExpressionKind::Verdict(verdict) if **verdict == Verdict::Continue && !rest.is_empty() => {
                    self.span = self.rule.span;
                    self.statements(rest);
                }
                ExpressionKind::Verdict(verdict) => {
                    let verdict = self.verdict(verdict);
                    self.finish(Spanned::new(verdict, span));
                }
                _ => self.finish(Spanned::new(unknown(), span)),
            }
        }
    }

    /// A name that is looked up in a map is there only for packets that the map knows.
    pub fn found_in(&mut self, name: &'s Expression<'t>, statement: &'s Statement<'t>) {
        if let ExpressionKind::Map(sides) = name.resolved() {
            let entries = maps::entries(self, &sides.0, &sides.1, statement.span);
            match entries.ok().and_then(|entries| maps::any_of(&entries)) {
                Some(found) => self.push(found, statement.span),
                None => self.atom_of(statement),
            }
        }
    }

    /// A match or target of iptables that nft has no words for.
    fn xtables(&mut self, kind: &str, name: &str, statement: &Statement<'_>) -> Option<model::Verdict> {
        if kind == "match" && name != "comment" {
            self.atom(format!("xt match {name}"), xtables::kind_of(name), statement.span);
            return None;
        }
        xtables::target(self, name, statement.span)
    }

    /// Adds a condition on one axis, unless it is known to hold.
    pub fn field(&mut self, axis: Axis, values: Values, span: Span) {
        if !self.known.narrow(axis, &values) {
            self.matches.push(Spanned::new(Match::Field(axis, values), span));
        }
    }

    /// Adds a condition.
    pub fn push(&mut self, condition: Match, span: Span) {
        match condition {
            Match::Field(axis, values) => self.field(axis, values, span),
            other => self.matches.push(Spanned::new(other, span)),
        }
    }

    /// Adds a condition that the file does not decide.
    pub fn atom(&mut self, text: String, kind: AtomKind, span: Span) {
        let atom = Atom { text: text.into(), kind };
        self.matches.push(Spanned::new(atom.into(), span));
    }

    /// Notes that a statement does something which is seen elsewhere, if the packet comes as far.
    pub fn noted(&mut self, statement: &Statement<'_>) {
        self.matches.push(Spanned::new(Match::Noted(text_of(statement).0.into()), statement.span));
    }

    /// Adds a statement as a condition that the file does not decide.
    pub fn atom_of(&mut self, statement: &Statement<'_>) {
        let (text, is_whole) = text_of(statement);
        let kind = match kind_of(statement, self.sets) {
            // Other words may begin the same.
            AtomKind::Pure if !is_whole => AtomKind::Free,
            kind => kind,
        };
        self.atom(text, kind, statement.span);
    }

    /// What the rule perhaps does, as a rule of its own.
    pub fn maybe(&mut self, actions: Vec<Action>, verdict: model::Verdict, text: &str, span: Span) {
        let matches = self.matches.clone();
        self.atom(text.into(), AtomKind::Free, span);
        self.actions.extend(actions.into_iter().map(|action| Spanned::new(action, span)));
        self.finish(Spanned::new(verdict, span));
        self.matches = matches;
    }

    /// A condition behind an action: what was done is a rule of its own, and what follows another.
    pub fn split(&mut self) {
        let mut matches = self.matches.clone();
        let actions = self.actions.clone();
        self.finish(Spanned::new(model::Verdict::Continue, self.span));
        // The marks that were compared may be others now.
        for condition in matches.iter_mut().filter(|it| actions::looks_at_marks(&it.value)) {
            condition.value = Atom::free("as before: mark").into();
        }
        for action in &actions {
            let Action::Rewrite(rewrite) = &action.value else { continue };
            for condition in matches.iter_mut().filter(|it| written::looks_at_written(&it.value, rewrite)) {
                condition.value = Atom::free(format!("as before: {}", rewrite.text)).into();
            }
            if let (Some(axis), Some(to)) = (rewrite.axis, &rewrite.to) {
                matches.push(Spanned::new(Match::Field(axis, to.clone()), action.span));
            }
        }
        self.matches = matches;
    }

    fn finish(&mut self, verdict: Spanned<model::Verdict>) {
        let mut matches = std::mem::take(&mut self.matches);
        matches.shrink_to_fit();
        let actions = std::mem::take(&mut self.actions);
        let comment =
            self.rule.comment.as_ref().map(|it| Box::new(it.clone().map(|text| text.as_ref().into())));
        self.done.push(model::Rule { span: self.span, matches, actions, verdict, comment });
    }
}

fn unknown() -> model::Verdict {
    model::Verdict::Unknown("what is not understood".into())
}

fn is_inside(inner: Span, outer: Span) -> bool {
    inner.file == outer.file && outer.start <= inner.start && inner.end <= outer.end
}

/// Does a statement decide whether a rule goes on, in a way that the file does not tell?
fn decides(statement: &Statement<'_>) -> bool {
    matches!(
        statement.kind,
        StatementKind::Limit { .. } | StatementKind::Quota { .. } | StatementKind::CtCount { .. }
    )
}

/// A statement in words; `false` if they are cut short.
fn text_of(statement: &Statement<'_>) -> (String, bool) {
    const LONGEST: usize = 200;
    let mut text = statement.to_string();
    let is_whole = text.len() <= LONGEST;
    if !is_whole {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    (text, is_whole)
}

/// What the answer to a statement hangs on that the file does not decide.
fn kind_of(statement: &Statement<'_>, sets: &Sets<'_, '_>) -> AtomKind {
    let is_fixed = |expression| is_fixed(expression, sets);
    match &statement.kind {
        StatementKind::Match { left, .. } if is_random(left) => AtomKind::Rate,
        StatementKind::Match { left, right, .. } if is_fixed(left) && is_fixed(right) => AtomKind::Pure,
        StatementKind::Flags(flags) if is_fixed(&flags.left) => AtomKind::Pure,
        StatementKind::Update { .. } | StatementKind::Meter { .. } => AtomKind::Rate,
        StatementKind::Stateful(StatefulKind::Limit | StatefulKind::Quota, _) => AtomKind::Rate,
        _ if decides(statement) => AtomKind::Rate,
        _ => AtomKind::Free,
    }
}

/// Is it a number that is drawn for each packet?
fn is_random(expression: &Expression<'_>) -> bool {
    match expression.resolved() {
        ExpressionKind::Selector(selector) => selector.group == Group::Meta && selector.name == "random",
        ExpressionKind::Function(words) => words.starts_with("numgen"),
        ExpressionKind::Binary(_, sides) => is_random(&sides.0) || is_random(&sides.1),
        _ => false,
    }
}

fn is_fixed(expression: &Expression<'_>, sets: &Sets<'_, '_>) -> bool {
    match expression.resolved() {
        ExpressionKind::Named(name) => sets.is_steady(name),
        ExpressionKind::Selector(selector) => match selector.group {
            Group::Ct => matches!(selector.name, "state" | "direction" | "l3proto" | "protocol" | "id"),
            Group::Meta => !matches!(
                selector.name,
                "mark" | "random" | "time" | "hour" | "day" | "priority" | "nftrace" | "secmark" | "cpu"
            ),
            _ => true,
        },
        ExpressionKind::Directed(selector, _) => !matches!(selector.name, "bytes" | "packets" | "avgpkt"),
        ExpressionKind::Function(words) => !words.starts_with("numgen"),
        ExpressionKind::Binary(_, sides) => is_fixed(&sides.0, sets) && is_fixed(&sides.1, sets),
        ExpressionKind::Concat(parts) | ExpressionKind::List(parts) => {
            parts.iter().all(|part| is_fixed(part, sets))
        }
        ExpressionKind::Map(_) | ExpressionKind::Unknown => false,
        _ => true,
    }
}
