//! The languages that fwlint reads.

mod aws;
mod azure;
mod cloud;
mod embedded;
mod exports;
mod gcp;
mod includes;
pub mod iptables;
mod listed;
mod nearest;
pub mod nft;

use std::collections::HashMap;
use std::path::Path;

use crate::finding::Edit;
use crate::model::{Plan, Remark, Ruleset, Step};
use crate::packet::Family;
use crate::source::{FileId, Sources, Span, Spanned};

pub use exports::{Cloud, Exported, read_exports};
pub use includes::{Included, Includes, Place, Texts};

/// A language that fwlint reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// What `iptables-save` or `iptables -S` prints.
    Iptables,
    /// What `ip6tables-save` or `ip6tables -S` prints.
    Ip6tables,
    /// A shell script of `iptables` and `ip6tables` commands.
    IptablesScript,
    /// What `iptables -L` prints.
    IptablesList,
    /// What `ipset save` prints.
    Ipset,
    /// What gcloud prints of firewall rules and policies.
    Gcp,
    /// What the az command prints of network security groups.
    Azure,
    /// What the aws command prints of security groups and network ACLs.
    Aws,
    /// nft's text.
    Nft,
    /// nft's JSON.
    NftJson,
    /// Tasks of Ansible that put a ruleset of nft in place.
    Ansible,
    /// A module of NixOS that says the ruleset of nft.
    Nix,
}

/// What there is to know about a dialect.
pub struct Entry {
    /// Which it is.
    pub dialect: Dialect,
    /// Its name, as `--as` takes it.
    pub name: &'static str,
    /// Is a text surely of this dialect by its content? The name of its file, in lower case, only
    /// decides between dialects that look alike.
    pub by_content: fn(text: &str, name: &str) -> bool,
    /// Is a file of this dialect by its name, in lower case?
    pub by_name: fn(name: &str) -> bool,
    /// How it is read. Never fails: what is not understood is a remark in the result.
    pub read: Read,
    /// What a change of the rules is in a text, if fwlint can write it. `None` where the text is not made so that
    /// it could be written there.
    pub write: Option<Write>,
}

/// Turns a change of the rules into edits of a text.
pub type Write = fn(&Writing, &Step) -> Option<Vec<Edit>>;

/// The texts in which changes are written.
pub struct Writing<'s> {
    sources: &'s Sources,
    /// May members be added to sets that are there, rather than rules?
    pub fills_sets: bool,
}

impl<'s> Writing<'s> {
    /// In these texts.
    pub fn new(sources: &'s Sources, fills_sets: bool) -> Self {
        Writing { sources, fills_sets }
    }

    /// The text of a file.
    pub fn source(&self, file: FileId) -> &'s str {
        &self.sources.file(file).text
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &'s str {
        self.sources.text(span)
    }
}

/// How a dialect is read.
#[derive(Clone, Copy)]
pub enum Read {
    /// A text is loaded on one machine, whole or in part.
    Host(fn(FileId, &str) -> Ruleset),
    /// The same; a text may have others put in its place, and may change what those before it have loaded.
    Including {
        /// The paths of those it includes, perhaps with `*`, each where it stands.
        paths: fn(FileId, &str) -> Vec<Spanned<String>>,
        /// Reads texts that are loaded one after the other, each with all that it includes.
        read: fn(&[Texts<'_>]) -> Ruleset,
    },
    /// Texts of one cloud account, read together by [`read_exports`], hold any number of units.
    Units(Cloud),
}

/// What an export of a cloud account holds.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// Its units.
    pub units: Vec<Named>,
    /// What the reader noticed that belongs to none of them.
    pub remarks: Vec<Remark>,
}

/// A unit that has a name in its own text: a security group, a network.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Its rules.
    pub ruleset: Ruleset,
}

/// All dialects, in the order in which they are tried.
pub const DIALECTS: &[Entry] = &[
    Entry {
        dialect: Dialect::Nft,
        name: "nft",
        by_content: |text, _| nft::is_nft(text),
        by_name: |name| name.ends_with(".nft") || name == "nftables.conf",
        read: Read::Including { paths: nft::include_paths, read: nft::read },
        write: Some(nft::write::write),
    },
    Entry {
        dialect: Dialect::NftJson,
        name: "nft-json",
        by_content: |text, _| nft::is_json(text),
        by_name: |_| false,
        read: Read::Including { paths: |_, _| Vec::new(), read: nft::read },
        write: None,
    },
    Entry {
        dialect: Dialect::Ipset,
        name: "ipset",
        by_content: |text, _| iptables::ipset::is_ipset(text),
        by_name: |name| name.contains("ipset") && !name.ends_with(".sh") && !name.ends_with(".md"),
        read: Read::Host(iptables::ipset::read),
        write: None,
    },
    Entry {
        dialect: Dialect::Ip6tables,
        name: "ip6tables",
        by_content: |text, name| iptables::family::of(text, name) == Some(Family::V6),
        by_name: iptables::family::is_v6_name,
        read: Read::Host(iptables::save::read_v6),
        write: Some(iptables::write::write),
    },
    Entry {
        dialect: Dialect::Iptables,
        name: "iptables",
        by_content: |text, name| iptables::family::of(text, name) == Some(Family::V4),
        by_name: iptables::family::is_v4_name,
        read: Read::Host(iptables::save::read_v4),
        write: Some(iptables::write::write),
    },
    Entry {
        dialect: Dialect::IptablesList,
        name: "iptables-list",
        by_content: |text, _| iptables::list::is_list(text),
        by_name: |_| false,
        read: Read::Host(iptables::list::read),
        write: None,
    },
    Entry {
        dialect: Dialect::IptablesScript,
        name: "iptables-script",
        by_content: |text, _| iptables::script::is_script(text),
        by_name: |_| false,
        read: Read::Host(iptables::script::read),
        write: Some(iptables::write::write),
    },
    Entry {
        dialect: Dialect::Gcp,
        name: "gcp",
        by_content: |text, _| gcp::is_export(text),
        by_name: |_| false,
        read: Read::Units(gcp::CLOUD),
        write: None,
    },
    // AWS is told by words that Azure has inside of its own: `SecurityGroups` in `applicationSecurityGroups`.
    Entry {
        dialect: Dialect::Azure,
        name: "azure",
        by_content: |text, _| azure::is_export(text),
        by_name: |_| false,
        read: Read::Units(azure::CLOUD),
        write: None,
    },
    Entry {
        dialect: Dialect::Aws,
        name: "aws",
        by_content: |text, _| aws::is_export(text),
        by_name: |_| false,
        read: Read::Units(aws::CLOUD),
        write: None,
    },
    Entry {
        dialect: Dialect::Ansible,
        name: "ansible",
        by_content: |text, _| embedded::is_ansible(text),
        by_name: |_| false,
        read: Read::Host(embedded::read_ansible),
        write: Some(embedded::write_ansible),
    },
    Entry {
        dialect: Dialect::Nix,
        name: "nix",
        by_content: |text, _| embedded::is_nix(text),
        by_name: |_| false,
        read: Read::Host(embedded::read_nix),
        write: Some(embedded::write_nix),
    },
];

impl Dialect {
    /// Its entry in [`DIALECTS`].
    pub fn entry(self) -> &'static Entry {
        DIALECTS.iter().find(|entry| entry.dialect == self).unwrap_or(&DIALECTS[0])
    }

    /// Is it what a cloud keeps around machines?
    pub fn is_of_cloud(self) -> bool {
        matches!(self.entry().read, Read::Units(_))
    }

    /// Are there sets in its texts to which addresses can be added?
    pub fn has_sets(self) -> bool {
        matches!(self, Dialect::Nft | Dialect::Ansible | Dialect::Nix)
    }

    /// Its name, as `--as` takes it.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The dialect of a name.
    pub fn from_name(name: &str) -> Option<Dialect> {
        DIALECTS.iter().find(|entry| entry.name == name).map(|entry| entry.dialect)
    }
}

/// Which dialect a text is of: by its content first, then by the name of its file. `None` if it is
/// of none that fwlint knows.
pub fn recognise(name: &Path, text: &str) -> Option<Dialect> {
    let name = name.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let by_content = DIALECTS.iter().find(|entry| (entry.by_content)(text, &name));
    let entry = by_content.or_else(|| DIALECTS.iter().find(|entry| (entry.by_name)(&name)));
    entry.map(|entry| entry.dialect)
}

/// Reads a text; of one that holds units, all of them as one. Never fails: what is not understood is among
/// the remarks.
pub fn read(dialect: Dialect, file: FileId, text: &str) -> Ruleset {
    load(&[Texts { dialect, file, text, included: &|_| None }])
}

/// Reads texts that are loaded on one machine, in this order. Never fails: what is not understood is among the
/// remarks.
pub fn load(texts: &[Texts<'_>]) -> Ruleset {
    let mut all = Ruleset::default();
    let is_nft = |text: &Texts<'_>| matches!(text.dialect, Dialect::Nft | Dialect::NftJson);
    for run in texts.chunk_by(|one, next| is_nft(one) && is_nft(next)) {
        let Some(first) = run.first() else { continue };
        match first.dialect.entry().read {
            Read::Host(read) => all.join(read(first.file, first.text)),
            Read::Including { read, .. } => all.join(read(run)),
            Read::Units(_) => {
                for Exported { export, .. } in read_exports(&[(first.dialect, first.file, first.text)]) {
                    all.remarks.extend(export.remarks);
                    export.units.into_iter().for_each(|unit| all.join(unit.ruleset));
                }
            }
        }
    }
    all
}

/// Reads the texts of a host, each with all that it includes; `None` where some are no host's, or include something else
/// than they did.
pub fn read_host(
    sources: &Sources,
    files: &[FileId],
    dialects: &HashMap<FileId, Dialect>,
    includes: &Includes,
) -> Option<Ruleset> {
    let may_include = |file: &&FileId| {
        includes.is_included(**file)
            || dialects.get(*file).is_some_and(|it| matches!(it.entry().read, Read::Including { .. }))
    };
    let found = includes.at(sources, files.iter().filter(may_include).copied())?;
    let included = |place: Span| found.get(&place).cloned();
    let text = |file: &FileId| {
        let (dialect, text) = (*dialects.get(file)?, sources.file(*file).text.as_str());
        (!dialect.is_of_cloud()).then_some(Texts { dialect, file: *file, text, included: &included })
    };
    let own = files.iter().filter(|file| !includes.is_included(**file));
    let texts: Option<Vec<_>> = own.map(text).collect();
    Some(load(&texts?))
}

/// The dialects in which whole rulesets are written, by the names that people look for: of clouds those of the
/// programs whose commands they are.
pub const COMPOSED: [(&str, Dialect); 9] = [
    ("iptables-script", Dialect::IptablesScript),
    ("iptables", Dialect::Iptables),
    ("ip6tables", Dialect::Ip6tables),
    ("nft", Dialect::Nft),
    ("gcloud", Dialect::Gcp),
    ("aws", Dialect::Aws),
    ("azure", Dialect::Azure),
    ("ansible", Dialect::Ansible),
    ("nix", Dialect::Nix),
];

/// A whole ruleset as a text; of a dialect that speaks for one family alone, that of its family. `None` if it is
/// none of [`COMPOSED`].
pub fn compose(dialect: Dialect, plans: &[Plan]) -> Option<String> {
    let of =
        |family| plans.iter().find(|plan| plan.family == family).and_then(iptables::write::compose::dump);
    match dialect {
        Dialect::Iptables => of(Family::V4),
        Dialect::Ip6tables => of(Family::V6),
        Dialect::IptablesScript => iptables::write::compose::script(plans),
        Dialect::Nft => nft::write::compose::file(plans),
        Dialect::Gcp => gcp::compose::script(plans),
        Dialect::Aws => aws::compose::script(plans),
        Dialect::Azure => azure::compose::script(plans),
        Dialect::Ansible => embedded::compose::ansible(plans),
        Dialect::Nix => embedded::compose::nix(plans),
        Dialect::IptablesList | Dialect::Ipset | Dialect::NftJson => None,
    }
}
