//! Why a remedy is no fix, and whether it should be one.

use super::{LOCKOUT, MOVED, OF_WORKING, UNCOVERED};
use crate::dialects::Dialect;

/// Where one family is closed the other may stand out.
const OTHER_FAMILY: &str = "ipv6-open";

/// Answers of which connection tracking does not know do not get back what a translation has changed, whatever is let through.
const IN_VAIN: &str = "tunnel-reply-blocked";

/// Lints that close or move something: what else hangs on that only the proof can tell.
const OF_MORE: [&str; 3] = [MOVED, "ingress-not-denied", "ipv6-open"];

/// What may be said of rules that stay, once one goes which was alone in calling or looking them up, or which would have
/// done something behind them; and of what is to be ignored, once it is no more.
const LEFT_OVER: [&str; 6] = [
    "unused-chain",
    "unused-set",
    "redundant-rule",
    "impossible-match",
    "accept-is-not-final",
    "unused-ignore",
];

/// What new rules may lead to, whatever they say: what `nft -o` makes of rules hangs on those beside them.
const OF_NEIGHBOURS: &str = "nft-optimize-unsafe";

/// Why there is no fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The text is not made so that the change could be written there.
    NotWritable,
    /// The text is one that only programs write, or tells of rules that are kept elsewhere.
    OfPrograms(Dialect),
    /// No number is left for a rule that comes before the one to blame.
    NoNumber,
    /// Some are left, but not enough.
    FewNumbers,
    /// There may not be so many rules.
    NoRoom,
    /// The finding is still there.
    NotGone,
    /// Another finding, as bad, would come: its lint.
    Another(&'static str),
    /// Other packets than named would fare otherwise.
    OtherPackets,
    /// The rules are too tangled to be compared.
    Undecided,
    /// It would take the place of what the commands for another finding add.
    Beside,
    /// No proof was left for it.
    NotWorkedOut,
}

impl Unproven {
    /// In words.
    pub fn reason(&self) -> String {
        match self {
            Unproven::NotWritable => "the text is not made so that a change could be written there".into(),
            Unproven::OfPrograms(dialect) => {
                let why = match dialect.is_of_cloud() {
                    true => "the rules are kept by the cloud: change them there",
                    false => "a program prints it: change what it is printed from",
                };
                format!("no change is written into {}: {why}", dialect.name())
            }
            Unproven::NoNumber => "no number is free in front of the rule that takes the packets".into(),
            Unproven::FewNumbers => "too few numbers are free in front of the rule that takes the packets".into(),
            Unproven::NoRoom => "the list may not have so many rules".into(),
            Unproven::NotGone => "a change of one place would not be enough".into(),
            Unproven::Another(lint) => format!("it would bring another finding: {lint}"),
            Unproven::OtherPackets => "other packets would fare otherwise, too".into(),
            Unproven::Undecided => "the rules are too tangled to be compared".into(),
            Unproven::Beside => {
                "it would take the place of what the commands for another finding add: check again after those".into()
            }
            Unproven::NotWorkedOut => "not worked out (`--fixes` says how many are)".into(),
        }
    }

    /// Why, where what a remedy led to first was another finding. What closes or moves something may be needed for that, and to
    /// open it again would undo the remedy.
    pub fn led_to(self, lint: &str, found: Option<&'static str>) -> Self {
        match (self, found) {
            (Unproven::NotGone | Unproven::OtherPackets, Some(found)) if lint == MOVED => {
                Unproven::Another(found)
            }
            (why, _) => why,
        }
    }

    /// Is this a mistake of a lint's remedy, rather than of the text? Whom it would shut out, or let in besides, what would
    /// be left over, and what a rule decides that is moved only the proof can tell.
    pub fn is_mistake(&self, lint: &str) -> bool {
        match self {
            Unproven::NotWritable
            | Unproven::OfPrograms(_)
            | Unproven::NoNumber
            | Unproven::FewNumbers
            | Unproven::NoRoom
            | Unproven::Undecided
            | Unproven::Beside
            | Unproven::NotWorkedOut => false,
            Unproven::Another(other) => {
                let known = [LOCKOUT, MOVED, OTHER_FAMILY, OF_NEIGHBOURS, OF_WORKING, IN_VAIN];
                let is_known = known.iter().chain(&UNCOVERED).chain(&LEFT_OVER).any(|known| known == other);
                // What is left of a finding in other words hangs on what the rules do not tell.
                !OF_MORE.contains(&lint) && !is_known && *other != lint
            }
            Unproven::NotGone | Unproven::OtherPackets => true,
        }
    }
}
