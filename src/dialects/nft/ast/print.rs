//! The tree as nft's text: how conditions that cannot be decided are told, whatever they were read from.

use std::fmt::{self, Display, Formatter};

use super::*;

/// The burst of a limit of packets if none is written. Some versions of nft write it, some leave it out.
const USUAL_BURST: u64 = 5;

impl Display for Selector {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self.group {
            Group::Meta if Selector::unqualified(self.name).is_some() => to.write_str(self.name),
            group => write!(to, "{} {}", group.name(), self.name),
        }
    }
}

impl Display for Expression<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExpressionKind::Word(word) => word_or_quoted(word, to),
            ExpressionKind::Variable(value) => value.fmt(to),
            ExpressionKind::Prefix(address, length) => write!(to, "{address}/{length}"),
            ExpressionKind::Range(ends) => write!(to, "{}-{}", ends.0, ends.1),
            ExpressionKind::Concat(parts) => list(parts, " . ", to),
            ExpressionKind::List(parts) => list(parts, ",", to),
            ExpressionKind::Set(elements) => {
                to.write_str("{ ")?;
                list(elements, ", ", to)?;
                to.write_str(" }")
            }
            ExpressionKind::Named(name) => write!(to, "@{name}"),
            ExpressionKind::Any => to.write_str("*"),
            ExpressionKind::Selector(selector) => selector.fmt(to),
            ExpressionKind::Directed(selector, direction) => {
                let direction = match direction {
                    Direction::Original => "original",
                    Direction::Reply => "reply",
                };
                write!(to, "{} {direction} {}", selector.group.name(), selector.name)
            }
            ExpressionKind::Payload { base, offset, length } => {
                let base = match base {
                    PayloadBase::Link => "ll",
                    PayloadBase::Network => "nh",
                    PayloadBase::Transport => "th",
                    PayloadBase::Inner => "ih",
                };
                write!(to, "@{base},{offset},{length}")
            }
            ExpressionKind::Option(option) => write!(to, "{} {}", option.0, option.1),
            ExpressionKind::Fib { keys, result } => write!(to, "fib {keys} {}", result.name),
            ExpressionKind::Function(words) => to.write_str(words),
            ExpressionKind::Binary(operator, sides) => {
                inner(&sides.0, to)?;
                write!(to, " {} ", operator.sign())?;
                inner(&sides.1, to)
            }
            ExpressionKind::Map(sides) => write!(to, "{} map {}", sides.0, sides.1),
            ExpressionKind::Verdict(verdict) => verdict.fmt(to),
            ExpressionKind::Unknown => to.write_str("?"),
        }
    }
}

impl Display for Element<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        self.key.fmt(to)?;
        match &self.value {
            Some(value) => write!(to, " : {value}"),
            None => Ok(()),
        }
    }
}

impl Display for FibKeys {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let keys = [
            ("saddr", self.saddr),
            ("daddr", self.daddr),
            ("mark", self.mark),
            ("iif", self.iif),
            ("oif", self.oif),
        ];
        let names: Vec<_> = keys.iter().filter(|key| key.1).map(|key| key.0).collect();
        to.write_str(&names.join(" . "))
    }
}

impl Display for Verdict<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Accept => to.write_str("accept"),
            Verdict::Drop => to.write_str("drop"),
            Verdict::Continue => to.write_str("continue"),
            Verdict::Return => to.write_str("return"),
            Verdict::Jump(target) => write!(to, "jump {target}"),
            Verdict::Goto(target) => write!(to, "goto {target}"),
        }
    }
}

impl Display for Target<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Target::Chain(name) => to.write_str(&name.value),
            Target::Rules(_) => to.write_str("{ … }"),
            Target::Unknown(_) => to.write_str("?"),
        }
    }
}

impl Display for Statement<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let over = |over: &bool| if *over { "over " } else { "" };
        match &self.kind {
            StatementKind::Match { left, comparison, right } => {
                let is_plain = !matches!(left.resolved(), ExpressionKind::Binary(..));
                let is_equal = matches!(comparison, Comparison::Implicit | Comparison::Equal);
                let sign = if is_equal && !is_plain { "== " } else { comparison.sign() };
                write!(to, "{left} {sign}{right}")
            }
            StatementKind::Flags(flags) => {
                let Flags { left, negated, value, mask } = &**flags;
                write!(to, "{left} {}{value} / {mask}", if *negated { "!= " } else { "" })
            }
            StatementKind::Verdict(verdict) => verdict.fmt(to),
            StatementKind::VerdictMap(sides) => write!(to, "{} vmap {}", sides.0, sides.1),
            StatementKind::Set(sides) => write!(to, "{} set {}", sides.0, sides.1),
            StatementKind::Update { operation, set, element, statements } => {
                let verb = match operation {
                    SetOperation::Add => "add",
                    SetOperation::Update => "update",
                    SetOperation::Delete => "delete",
                };
                write!(to, "{verb} @{} {{ {element}", set.value)?;
                statements.iter().try_for_each(|statement| write!(to, " {statement}"))?;
                to.write_str(" }")
            }
            StatementKind::Meter { name, element, statements } => {
                write!(to, "meter {} {{ {element}", name.value)?;
                statements.iter().try_for_each(|statement| write!(to, " {statement}"))?;
                to.write_str(" }")
            }
            StatementKind::Limit { over: beyond, rate, unit, burst } => {
                let size = if unit.bytes { " bytes" } else { "" };
                write!(to, "limit rate {}{rate}{size}/{}", over(beyond), unit.per)?;
                match burst.filter(|burst| unit.bytes || *burst != USUAL_BURST) {
                    Some(burst) => {
                        write!(to, " burst {burst} {}", if unit.bytes { "bytes" } else { "packets" })
                    }
                    None => Ok(()),
                }
            }
            StatementKind::Quota { over: beyond, bytes } => write!(to, "quota {}{bytes} bytes", over(beyond)),
            StatementKind::CtCount { over: beyond, count } => write!(to, "ct count {}{count}", over(beyond)),
            StatementKind::Stateful(kind, name) => write!(to, "{} name {name}", kind.name()),
            StatementKind::Reject(_) => to.write_str("reject"),
            StatementKind::Nat { kind, .. } => to.write_str(match kind {
                NatKind::Snat => "snat",
                NatKind::Dnat => "dnat",
                NatKind::Masquerade => "masquerade",
                NatKind::Redirect => "redirect",
            }),
            StatementKind::Tproxy => to.write_str("tproxy"),
            StatementKind::Notrack => to.write_str("notrack"),
            StatementKind::Queue { .. } => to.write_str("queue"),
            StatementKind::Passive(name) => to.write_str(name),
            StatementKind::Forward => to.write_str("fwd"),
            StatementKind::Synproxy => to.write_str("synproxy"),
            StatementKind::Xt { kind, name } => write!(to, "xt {} {}", kind.value, name.value),
            StatementKind::Unknown => to.write_str("?"),
        }
    }
}

impl Comparison {
    /// Its sign, with the space that follows it; nothing for the implicit one.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Implicit | Comparison::Equal => "",
            Comparison::NotEqual => "!= ",
            Comparison::Less => "< ",
            Comparison::LessOrEqual => "<= ",
            Comparison::Greater => "> ",
            Comparison::GreaterOrEqual => ">= ",
            Comparison::NoneOf => "! ",
        }
    }
}

fn word_or_quoted(word: &str, to: &mut Formatter<'_>) -> fmt::Result {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:*+@".contains(&byte);
    match word.bytes().all(is_plain) && !word.is_empty() {
        true => to.write_str(word),
        false => write!(to, "\"{word}\""),
    }
}

fn list(parts: &[impl Display], between: &str, to: &mut Formatter<'_>) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            to.write_str(between)?;
        }
        part.fmt(to)?;
    }
    Ok(())
}

/// An operand, in parentheses where it is arithmetic itself.
fn inner(expression: &Expression<'_>, to: &mut Formatter<'_>) -> fmt::Result {
    match expression.resolved() {
        ExpressionKind::Binary(..) => write!(to, "({expression})"),
        _ => expression.fmt(to),
    }
}
