//! Which rule may stand where: the kernel refuses others when they are loaded.

use std::collections::{HashMap, HashSet};

use crate::model::{Action, Chain, Match, Nat, Remark, RemarkKind, Rule, Table, Verdict};
use crate::packet::Axis;
use crate::source::Span;

/// Why the kernel refuses a rule in this place, if it does. In chains of one's own their callers decide: see
/// [`called`].
pub fn refusal(table: &str, chain: &str, rule: &Rule) -> Option<Remark> {
    // iptables-nft refuses these in built-in chains only, whatever leads to others.
    refusal_there(table, chain, rule).or_else(|| told(limited_there(chain, rule)))
}

/// Why the kernel refuses a rule in this place or where calls from it lead, if it does.
fn refusal_there(table: &str, chain: &str, rule: &Rule) -> Option<Remark> {
    let verdict = rule.verdict.span;
    let wrong = match &rule.verdict.value {
        Verdict::Reject(_) if table != "filter" => Some((verdict, "REJECT", "is for table `filter` only")),
        Verdict::Drop if table == "nat" => Some((verdict, "DROP", "is refused in table `nat`")),
        Verdict::Nat(nat) => misplaced(nat, table, chain).map(|(name, why)| (verdict, name, why)),
        _ => None,
    };
    let untracks = rule.actions.iter().find(|action| action.value == Action::NoTrack);
    let wrong = wrong.or_else(|| {
        let action = untracks.filter(|_| table != "raw")?;
        Some((action.span, "NOTRACK", "is for table `raw` only"))
    });
    told(wrong.or_else(|| unknown_there(chain, rule)))
}

fn told(wrong: Option<(Span, &'static str, &'static str)>) -> Option<Remark> {
    let (span, name, why) = wrong?;
    let message = format!("{name} {why}");
    Some(Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() })
}

/// Why the kernel refuses rules of a table in chains of one's own: because of the built-in chains from which calls
/// lead there. It says so when the whole table is loaded.
pub fn called(table: &Table) -> Vec<Remark> {
    let named: HashMap<&str, usize> =
        (0..).zip(&table.chains).map(|(at, chain)| (&*chain.name, at)).collect();
    let targets = |chain: &Chain| -> Vec<usize> {
        let target = |rule: &Rule| match &rule.verdict.value {
            Verdict::Jump(name) | Verdict::Goto(name) => named.get(&**name).copied(),
            _ => None,
        };
        chain.rules.iter().filter_map(target).collect()
    };
    let targets: Vec<Vec<usize>> = table.chains.iter().map(targets).collect();
    let mut remarks: Vec<Remark> = Vec::new();
    let mut is_refused = HashSet::new();
    for (first, base) in table.chains.iter().enumerate().filter(|(_, chain)| chain.base.is_some()) {
        let (mut waiting, mut seen) = (targets[first].clone(), HashSet::new());
        while let Some(at) = waiting.pop() {
            if !seen.insert(at) {
                continue;
            }
            waiting.extend(&targets[at]);
            let chain = &table.chains[at];
            for rule in chain.rules.iter().filter(|rule| refusal(&table.name, &chain.name, rule).is_none()) {
                if let Some(mut remark) = refusal_there(&table.name, &base.name, rule)
                    && is_refused.insert(rule.span)
                {
                    remark.notes.push(format!("Calls lead from {} to {}.", base.name, chain.name));
                    remarks.push(remark);
                }
            }
        }
    }
    remarks
}

/// How long the name of a chain may be: `XT_EXTENSION_MAXNAMELEN` of the kernel, without the end.
const LONGEST_NAME: usize = 28;

/// Why the loader refuses a chain of this name, if it does.
pub fn name_refusal(name: &str, span: Span) -> Option<Remark> {
    let message = match name {
        "ACCEPT" | "DROP" | "QUEUE" | "RETURN" => format!("`{name}` is no name for a chain: it is a target"),
        _ if name.len() > LONGEST_NAME => format!("the name `{name}` is longer than {LONGEST_NAME} bytes"),
        _ => return None,
    };
    Some(Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() })
}

/// The name of a translation and why it must not stand here.
fn misplaced(nat: &Nat, table: &str, chain: &str) -> Option<(&'static str, &'static str)> {
    let is_own = !matches!(chain, "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING");
    let (name, home, chains): (_, _, &[&str]) = match nat {
        Nat::Destination(_) => ("DNAT", "nat", &["PREROUTING", "OUTPUT"]),
        Nat::Redirect(_) => ("REDIRECT", "nat", &["PREROUTING", "OUTPUT"]),
        Nat::Source(_) => ("SNAT", "nat", &["POSTROUTING", "INPUT"]),
        Nat::Masquerade(_) => ("MASQUERADE", "nat", &["POSTROUTING"]),
        Nat::Netmap(_) => ("NETMAP", "nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
        Nat::Tproxy => ("TPROXY", "mangle", &["PREROUTING"]),
    };
    if table != home {
        let why = if home == "nat" { "is for table `nat` only" } else { "is for table `mangle` only" };
        return Some((name, why));
    }
    let why = match chains {
        ["PREROUTING", "OUTPUT"] => "is for PREROUTING and OUTPUT only",
        ["POSTROUTING", "INPUT"] => "is for POSTROUTING and INPUT only",
        ["POSTROUTING"] => "is for POSTROUTING only",
        _ => "is for PREROUTING only",
    };
    (!is_own && !chains.contains(&chain)).then_some((name, why))
}

/// A match that looks up the interface that no packet of this chain has: that by which one leaves is not known before it is
/// routed, nor that by which it came of one's own.
fn limited_there(chain: &str, rule: &Rule) -> Option<(Span, &'static str, &'static str)> {
    let (option, name, why) = match chain {
        "PREROUTING" | "INPUT" => {
            ("--limit-iface-out", "`--limit-iface-out`", "is for FORWARD, OUTPUT and POSTROUTING only")
        }
        "OUTPUT" | "POSTROUTING" => {
            ("--limit-iface-in", "`--limit-iface-in`", "is for PREROUTING, INPUT and FORWARD only")
        }
        _ => return None,
    };
    let asks = |it: &Match| matches!(it, Match::Atom(atom) if atom.text.starts_with("-m addrtype") && atom.text.ends_with(option));
    let span = rule.matches.iter().find(|it| asks(&it.value))?.span;
    Some((span, name, why))
}

/// A match on what no packet of this chain has.
fn unknown_there(chain: &str, rule: &Rule) -> Option<(Span, &'static str, &'static str)> {
    let has = |wanted: &[Axis]| {
        let asks = |it: &Match| match it {
            Match::Field(axis, _) => wanted.contains(axis),
            Match::Owner(owner) => wanted.contains(&owner.axis),
            _ => false,
        };
        rule.matches.iter().find(|it| asks(&it.value)).map(|it| it.span)
    };
    match chain {
        "PREROUTING" | "INPUT" | "FORWARD" => {
            let span = has(&[Axis::Uid, Axis::Gid])?;
            Some((span, "match `owner`", "is for OUTPUT and POSTROUTING only"))
        }
        "OUTPUT" | "POSTROUTING" => {
            Some((has(&[Axis::Mac])?, "match `mac`", "is for PREROUTING, INPUT and FORWARD only"))
        }
        _ => None,
    }
}
