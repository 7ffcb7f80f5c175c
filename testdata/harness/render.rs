//! The model in words, for tests: compact, one line a rule, the same each time.

use fwlint::model::{
    Action, Backend, Element, ElementKey, Elements, Families, Key, Lookup, Match, Member, Nat, Owner, Reject,
    Remark, Rule, Ruleset, Side, Target, Verdict,
};
use fwlint::packet::values::{to_address, to_name};
use fwlint::packet::{Axis, Cube, Family, Masks, Values};
use fwlint::source::{Sources, Span};

/// A ruleset in words: families, tables, chains, rules with the line they stand in, and sets.
pub fn ruleset(ruleset: &Ruleset, sources: &Sources) -> String {
    let mut text = format!("speaks for {}\n", families(ruleset.families));
    for table in &ruleset.tables {
        let of = families(table.families);
        let kept = match table.backend {
            Backend::Unknown => "",
            Backend::Legacy => " in x_tables",
            Backend::Nft => " in nf_tables",
            Backend::Cloud => " kept by a cloud",
        };
        text += &format!("\n{} table {} of {of}{kept}\n", line(sources, table.span), table.name);
        for chain in &table.chains {
            let declared = if chain.declared { "" } else { ", not declared" };
            let base = chain.base.as_ref().map_or(String::new(), |base| {
                let written = if base.policy_is_written { "" } else { " by default" };
                let (hook, priority, kind) = (base.hook, base.priority, base.kind);
                let policy = base.policy.value;
                format!(", {hook:?} at {priority} as {kind:?}, policy {policy:?}{written}")
            });
            text += &format!("{} chain {}{base}{declared}\n", line(sources, chain.span), chain.name);
            for rule in &chain.rules {
                text += &format!("{}   {}\n", line(sources, rule.span), self::rule(rule, table.families));
            }
        }
    }
    for set in &ruleset.sets {
        let of = families(set.families);
        text += &format!("\n{} set {}, {} of {of}\n", line(sources, set.span), set.name, set.kind);
        match &set.elements {
            Elements::Unknown => text += "       unknown\n",
            Elements::Sets(names) => {
                for (name, span) in names {
                    text += &format!("{}   set {name}\n", line(sources, *span));
                }
            }
            Elements::Listed(elements) => {
                for element in elements {
                    let member = self::element(element, set.families);
                    text += &format!("{}   {member}\n", line(sources, element.span));
                }
            }
        }
    }
    if !ruleset.remarks.is_empty() {
        text += "\n";
        text += &remarks(&ruleset.remarks, sources);
    }
    text
}

/// Remarks, one a line, with their notes below.
pub fn remarks(remarks: &[Remark], sources: &Sources) -> String {
    let lines = remarks.iter().map(|remark| {
        let notes: String = remark.notes.iter().map(|note| format!("    {note}\n")).collect();
        format!("{} {:?}: {}\n{notes}", place(sources, remark.span), remark.kind, remark.message)
    });
    lines.collect()
}

/// `LINE:COLUMN..COLUMN`, or `LINE:COLUMN..LINE:COLUMN` over several lines.
pub fn place(sources: &Sources, span: Span) -> String {
    let (start, end) = (sources.start(span), sources.end(span));
    if start.line == end.line {
        format!("{}:{}..{}", start.line, start.column, end.column)
    } else {
        format!("{}:{}..{}:{}", start.line, start.column, end.line, end.column)
    }
}

/// A rule in words: conditions, actions, verdict, comment.
pub fn rule(rule: &Rule, of: Families) -> String {
    let mut words: Vec<String> = rule.matches.iter().map(|it| condition(&it.value, of)).collect();
    words.extend(rule.actions.iter().map(|it| action(&it.value, of)));
    words.push(format!("-> {}", verdict(&rule.verdict.value, of)));
    words.extend(rule.comment.iter().map(|it| format!("# {}", it.value)));
    words.join(" ")
}

fn line(sources: &Sources, span: Span) -> String {
    format!("{:>4}", sources.start(span).line)
}

fn families(of: Families) -> &'static str {
    match (of.v4, of.v6) {
        (true, true) => "IPv4 and IPv6",
        (true, false) => "IPv4",
        (false, true) => "IPv6",
        (false, false) => "nothing",
    }
}

fn condition(condition: &Match, of: Families) -> String {
    match condition {
        Match::Field(axis, values) => field(*axis, values, of),
        Match::Packets(set) => {
            let cubes: Vec<_> = set.cubes().iter().map(|it| cube(it, of)).collect();
            format!("({})", cubes.join(" or "))
        }
        Match::Lookup(lookup) => {
            let Lookup { set, keys, negated } = lookup.as_ref();
            let keys: Vec<_> = keys.iter().map(key).collect();
            format!("{}{}~{set}", if *negated { "!" } else { "" }, keys.join(","))
        }
        Match::Owner(owner) => {
            let Owner { axis, name, negated } = owner.as_ref();
            format!("{axis:?}={}the number of {name}", if *negated { "!" } else { "" })
        }
        Match::Member(member) => {
            let Member { side, group, who } = member.as_ref();
            format!("{side:?} in <{group}> ({who:?})")
        }
        Match::Resolved(resolved) => format!("{:?} by the name {}", resolved.side, resolved.name),
        Match::Said(speaking) => {
            format!("{}said {:?}", if speaking.negated { "not " } else { "" }, speaking.said)
        }
        Match::Atom(atom) if atom.is_pure() => format!("<{}>", atom.text),
        Match::Atom(atom) => format!("<{}?>", atom.text),
        Match::Noted(text) => format!("noting <{text}>"),
    }
}

fn cube(cube: &Cube, of: Families) -> String {
    let of = match cube.get(Axis::Family).and_then(Values::first) {
        Some(1) => Families::V6,
        _ => of,
    };
    let sides: Vec<_> = cube.sides().iter().map(|(axis, values)| field(*axis, values, of)).collect();
    if sides.is_empty() { "any".into() } else { sides.join(" and ") }
}

fn key(key: &Key) -> String {
    match key {
        Key::Side(Side::Source) => "src".into(),
        Key::Side(Side::Destination) => "dst".into(),
        Key::Axis(axis) => format!("{axis:?}"),
    }
}

fn field(axis: Axis, values: &Values, of: Families) -> String {
    format!("{axis:?}={}", self::values(axis, values, of))
}

fn values(axis: Axis, values: &Values, of: Families) -> String {
    match values {
        Values::Pattern(..) | Values::Patterns(_) => {
            let masks = &values.marks();
            let rest = Masks::all().minus(masks);
            let (not, said) = match rest.patterns().len() < masks.patterns().len() {
                true if !rest.is_empty() => ("!", &rest),
                _ => ("", masks),
            };
            let patterns = said.patterns().iter().map(|(mask, value)| match mask {
                0 => "any".into(),
                &u32::MAX => format!("{value:#x}"),
                _ => format!("{value:#x}/{mask:#x}"),
            });
            let patterns: Vec<String> = patterns.collect();
            if patterns.is_empty() { "none".into() } else { format!("{not}{}", patterns.join(",")) }
        }
        Values::Ranges(ranges) if ranges.is_empty() => "none".into(),
        Values::Ranges(_) if values.is_all(axis) => "any".into(),
        Values::Ranges(ranges) => {
            // The complement of few is said as such.
            let rest = ranges.complement(axis.max());
            let (not, said) = match rest.iter().count() <= ranges.iter().count() && ranges.iter().count() > 1
            {
                true => ("!", &rest),
                false => ("", ranges),
            };
            let said: Vec<_> = said.iter().map(|(low, high)| range(axis, low, high, of)).collect();
            format!("{not}{}", said.join(","))
        }
    }
}

fn range(axis: Axis, low: u128, high: u128, of: Families) -> String {
    match axis {
        Axis::Source | Axis::Destination => {
            let family = if of.v6 && !of.v4 { Family::V6 } else { Family::V4 };
            addresses(family, low, high)
        }
        Axis::InInterface | Axis::OutInterface | Axis::InPort | Axis::OutPort => names(low, high),
        Axis::State => {
            const NAMES: [&str; 5] = ["INVALID", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED"];
            let names: Vec<_> = (low..=high).filter_map(|it| NAMES.get(it as usize).copied()).collect();
            names.join(",")
        }
        Axis::Mac => format!("{low:#014x}"),
        _ if low == high => low.to_string(),
        _ => format!("{low}-{high}"),
    }
}

fn addresses(family: Family, low: u128, high: u128) -> String {
    let width = if family == Family::V4 { 32 } else { 128 };
    let length = (low ^ high).leading_zeros();
    let free = u128::MAX.checked_shr(length).unwrap_or(0);
    let is_prefix = low & free == 0 && high & free == free;
    match is_prefix && length <= width {
        true if length == width => to_address(family, low).to_string(),
        true => format!("{}/{length}", to_address(family, low)),
        false => format!("{}-{}", to_address(family, low), to_address(family, high)),
    }
}

fn names(low: u128, high: u128) -> String {
    let is_single = low == high;
    match (low, is_single) {
        (0, true) => "none".into(),
        (_, true) => to_name(low),
        (0, false) if high == u128::MAX => "any or none".into(),
        (1, false) if high == u128::MAX => "any".into(),
        _ => {
            let start = to_name(low);
            let all = fwlint::packet::values::names_with_prefix(&start);
            if all == Some((low, high)) { format!("{start}+") } else { format!("{low:#x}-{high:#x}") }
        }
    }
}

fn action(action: &Action, of: Families) -> String {
    match action {
        Action::Mark { and, xor } => format!("mark=mark&{and:#x}^{xor:#x}"),
        Action::ConnMark { and, xor } => format!("connmark=connmark&{and:#x}^{xor:#x}"),
        Action::SaveMark { mark_mask, connmark_mask } => {
            format!("connmark=connmark&!{connmark_mask:#x}^mark&{mark_mask:#x}")
        }
        Action::RestoreMark { mark_mask, connmark_mask } => {
            format!("mark=mark&!{mark_mask:#x}^connmark&{connmark_mask:#x}")
        }
        Action::ForgetMark => "mark=?".into(),
        Action::ForgetConnMark => "connmark=?".into(),
        Action::NoTrack => "notrack".into(),
        Action::Track { original, reply } => {
            let zone = |zone: &Option<u16>| zone.map_or("?".into(), |zone| zone.to_string());
            format!("track in zones {} and {}", zone(original), zone(reply))
        }
        Action::Rewrite(rewrite) => {
            let axis = rewrite.axis.map_or("something".into(), |axis| format!("{axis:?}").to_lowercase());
            let to = rewrite.axis.zip(rewrite.to.as_ref());
            format!("{axis}={}", to.map_or("?".into(), |(axis, to)| values(axis, to, of)))
        }
        Action::Mangle(mangle) => {
            let axes = mangle.axes.iter().map(|axis| format!(" {axis:?}").to_lowercase());
            format!("mangled{} by {}", axes.collect::<String>(), mangle.text)
        }
        Action::Fill { set, adds, deletes } => {
            format!("{}{}{set}", if *adds { "+" } else { "" }, if *deletes { "-" } else { "" })
        }
    }
}

fn verdict(verdict: &Verdict, of: Families) -> String {
    match verdict {
        Verdict::Reject(Reject::TcpReset) => "reject with a reset".into(),
        Verdict::Reject(Reject::Icmp { kind, code }) => format!("reject with {kind}/{code}"),
        Verdict::Reject(Reject::Icmpx { v4, v6 }) => format!("reject with 3/{v4} or 1/{v6}"),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
        Verdict::Unknown(name) => format!("unknown {name}"),
        Verdict::Nat(nat) => match &**nat {
            Nat::Destination(to) => format!("destination becomes {}", target(to, of)),
            Nat::Source(to) => format!("source becomes {}", target(to, of)),
            Nat::Redirect(to) => format!("destination becomes the host {}", target(to, of)),
            Nat::Netmap(to) => format!("prefix becomes {}", values(Axis::Destination, to, of)),
            nat => format!("{nat:?}").to_lowercase(),
        },
        plain => format!("{plain:?}").to_lowercase(),
    }
}

fn target(target: &Target, of: Families) -> String {
    let addresses = target.addresses.as_ref().map(|it| values(Axis::Destination, it, of));
    let ports = target.ports.as_ref().map(|it| values(Axis::DestinationPort, it, of));
    format!("{} port {}", addresses.as_deref().unwrap_or("itself"), ports.as_deref().unwrap_or("itself"))
}

fn element(element: &Element, of: Families) -> String {
    let keys: Vec<_> = element.keys.iter().map(|key| element_key(key, of)).collect();
    format!("{}{}", keys.join(" and "), if element.nomatch { ", not" } else { "" })
}

fn element_key(key: &ElementKey, of: Families) -> String {
    match key {
        ElementKey::Address(it) => values(Axis::Source, it, of),
        ElementKey::Port { protocol, ports } => {
            let ports = values(Axis::DestinationPort, ports, of);
            match protocol {
                Some(number) => format!("protocol {number} port {ports}"),
                None => format!("port {ports}"),
            }
        }
        ElementKey::Interface(it) => values(Axis::InInterface, it, of),
        ElementKey::Mark(it) => format!("mark {}", values(Axis::Mark, it, of)),
        ElementKey::Mac(it) => values(Axis::Mac, it, of),
    }
}
