//! Where rules name the sets and maps of their table.

use crate::dialects::nft::ast::{
    Element, Expression, ExpressionKind, Name, Reject, Rule, Statement, StatementKind, Target, Verdict,
};
use crate::model::SetUse;
use crate::source::Span;

/// Finds all places in a rule that name a set.
pub(super) fn of_rule(rule: &Rule<'_>, uses: &mut Vec<SetUse>) {
    let mut finder = Finder { rule: rule.span, uses };
    rule.statements.iter().for_each(|statement| finder.statement(statement));
}

/// Does a rule name no set or map of its table?
pub(super) fn is_self_contained(rule: &Rule<'_>) -> bool {
    let mut uses = Vec::new();
    of_rule(rule, &mut uses);
    uses.is_empty()
}

/// A place that names a set.
pub(super) fn at(set: &Name<'_>, rule: Span, changes: bool) -> SetUse {
    SetUse { set: set.value.as_ref().into(), span: set.span, rule, changes }
}

struct Finder<'u> {
    rule: Span,
    uses: &'u mut Vec<SetUse>,
}

impl Finder<'_> {
    fn statement(&mut self, statement: &Statement<'_>) {
        match &statement.kind {
            StatementKind::Match { left, right, .. } => self.all([left, right]),
            StatementKind::Flags(flags) => self.all([&flags.left, &flags.value, &flags.mask]),
            StatementKind::VerdictMap(sides) | StatementKind::Set(sides) => self.all([&sides.0, &sides.1]),
            StatementKind::Verdict(verdict) => self.verdict(verdict),
            StatementKind::Nat { to: Some(to), .. } => self.all(to.address.iter().chain(&to.port)),
            StatementKind::Update { set, element, statements, .. } => {
                self.uses.push(at(set, self.rule, true));
                self.element(element);
                statements.iter().for_each(|inner| self.statement(inner));
            }
            // A meter makes the set that it names.
            StatementKind::Meter { element, statements, .. } => {
                self.element(element);
                statements.iter().for_each(|inner| self.statement(inner));
            }
            StatementKind::Stateful(_, name) => self.expression(name),
            StatementKind::Reject(Some(Reject::Icmp(code) | Reject::Icmpv6(code) | Reject::Icmpx(code))) => {
                self.expression(code)
            }
            _ => {}
        }
    }

    fn all<'e, 't: 'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expression<'t>>) {
        expressions.into_iter().for_each(|expression| self.expression(expression));
    }

    fn expression(&mut self, expression: &Expression<'_>) {
        match &expression.kind {
            ExpressionKind::Named(name) => {
                let set = name.as_ref().into();
                let (span, rule) = (expression.span, self.rule);
                self.uses.push(SetUse { set, span, rule, changes: false });
            }
            ExpressionKind::Variable(value) => self.expression(value),
            ExpressionKind::Range(sides) | ExpressionKind::Binary(_, sides) | ExpressionKind::Map(sides) => {
                self.all([&sides.0, &sides.1]);
            }
            ExpressionKind::Concat(parts) | ExpressionKind::List(parts) => self.all(parts),
            ExpressionKind::Set(elements) => elements.iter().for_each(|element| self.element(element)),
            ExpressionKind::Verdict(verdict) => self.verdict(verdict),
            _ => {}
        }
    }

    fn element(&mut self, element: &Element<'_>) {
        if !matches!(element.key.kind, ExpressionKind::Word(_)) {
            self.expression(&element.key);
        }
        element.value.iter().for_each(|value| self.expression(value));
    }

    fn verdict(&mut self, verdict: &Verdict<'_>) {
        if let Verdict::Jump(Target::Rules(rules)) | Verdict::Goto(Target::Rules(rules)) = verdict {
            rules.value.iter().for_each(|rule| of_rule(rule, self.uses));
        }
    }
}
