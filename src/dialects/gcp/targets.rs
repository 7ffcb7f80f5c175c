//! Which machines of a network a rule is for.

use crate::dialects::cloud::{Fields, Remarks};
use crate::tree::{Kind, Node};

/// Which machines a rule is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets<'n>(Vec<Target<'n>>);

/// Machines that have something in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target<'n> {
    /// A network tag.
    Tag(&'n str),
    /// A tag that the organisation manages.
    SecureTag(&'n str),
    /// The service account as which they run.
    ServiceAccount(&'n str),
}

impl<'n> Targets<'n> {
    /// The targets that a rule names; `None` if those that it names do not count any more, so that it does nothing.
    pub fn of(fields: Fields<'n, 'n>, remarks: &mut Remarks) -> Option<Self> {
        let mut targets = Vec::new();
        let tags = fields.texts("targetTags", remarks);
        targets.extend(tags.iter().map(|tag| Target::Tag(tag.value)));
        let accounts = fields.texts("targetServiceAccounts", remarks);
        targets.extend(accounts.iter().map(|account| Target::ServiceAccount(account.value)));
        let secure = fields.objects("targetSecureTags", remarks);
        for tag in &secure {
            let is_effective = tag
                .text("state", remarks)
                .is_none_or(|state| !state.value.eq_ignore_ascii_case("INEFFECTIVE"));
            let name = tag.text("name", remarks).filter(|_| is_effective);
            targets.extend(name.map(|name| Target::SecureTag(name.value)));
        }
        (secure.is_empty() || !targets.is_empty()).then_some(Targets(targets))
    }

    /// Does a rule tell for which machines it is?
    pub fn are_told(fields: Fields) -> bool {
        let tags = fields.get("targetSecureTags");
        let is_told = |tag: &Node| tag.get("name").is_some_and(|name| name.text().is_some());
        let are_told =
            tags.is_none_or(|tags| matches!(&tags.kind, Kind::List(tags) if tags.iter().all(is_told)));
        are_told && !fields.is_odd("targetTags") && !fields.is_odd("targetServiceAccounts")
    }

    /// All that are named.
    pub fn iter(&self) -> impl Iterator<Item = Target<'n>> + '_ {
        self.0.iter().copied()
    }

    /// Is a rule for these machines; for all others, if `None`?
    pub fn include(&self, target: Option<Target>) -> bool {
        self.0.is_empty() || target.is_some_and(|target| self.0.contains(&target))
    }
}

impl Target<'_> {
    /// What the unit of these machines is called behind the name of the network.
    pub fn name(self) -> String {
        match self {
            Target::Tag(tag) => format!("tag:{tag}"),
            Target::SecureTag(tag) => format!("secure-tag:{tag}"),
            Target::ServiceAccount(account) => format!("service-account:{account}"),
        }
    }
}
