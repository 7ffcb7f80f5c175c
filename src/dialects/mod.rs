//! The languages that fwlint reads.

pub mod iptables;

use std::path::Path;

use crate::model::Ruleset;
use crate::source::FileId;

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
}

/// What there is to know about a dialect.
pub struct Entry {
    /// Which it is.
    pub dialect: Dialect,
    /// Its name, as `--as` takes it.
    pub name: &'static str,
    /// Is a text, with the name of its file, surely of this dialect by its content?
    pub by_content: fn(&str) -> bool,
    /// May a file be of this dialect by its name?
    pub by_name: fn(&str) -> bool,
    /// Reads a text. Never fails: what is not understood is a remark in the result.
    pub read: fn(FileId, &str) -> Ruleset,
}

/// All dialects, in the order in which they are tried.
pub const DIALECTS: &[Entry] = &[
    Entry {
        dialect: Dialect::Ipset,
        name: "ipset",
        by_content: iptables::ipset::is_ipset,
        by_name: |name| name.contains("ipset"),
        read: iptables::ipset::read,
    },
    Entry {
        dialect: Dialect::IptablesList,
        name: "iptables-list",
        by_content: iptables::list::is_list,
        by_name: |_| false,
        read: iptables::list::read,
    },
    Entry {
        dialect: Dialect::Ip6tables,
        name: "ip6tables",
        by_content: |text| iptables::family::in_text(text) == Some(crate::packet::Family::V6),
        by_name: iptables::family::is_v6_name,
        read: iptables::save::read_v6,
    },
    Entry {
        dialect: Dialect::Iptables,
        name: "iptables",
        by_content: |text| iptables::family::in_text(text) == Some(crate::packet::Family::V4),
        by_name: iptables::family::is_v4_name,
        read: iptables::save::read_v4,
    },
    Entry {
        dialect: Dialect::IptablesScript,
        name: "iptables-script",
        by_content: iptables::script::is_script,
        by_name: |_| false,
        read: iptables::script::read,
    },
];

impl Dialect {
    /// Its entry in [`DIALECTS`].
    pub fn entry(self) -> &'static Entry {
        DIALECTS.iter().find(|entry| entry.dialect == self).unwrap_or(&DIALECTS[0])
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
    if let Some(entry) = DIALECTS.iter().find(|entry| (entry.by_content)(text)) {
        return Some(entry.dialect);
    }
    let name = name.file_name()?.to_str()?.to_ascii_lowercase();
    let is_dump = iptables::save::is_save(text);
    let entry = DIALECTS.iter().find(|entry| (entry.by_name)(&name));
    match entry {
        Some(entry) => Some(entry.dialect),
        None if is_dump => Some(Dialect::Iptables),
        None => None,
    }
}

/// Reads a text. Never fails: what is not understood is among the remarks.
pub fn read(dialect: Dialect, file: FileId, text: &str) -> Ruleset {
    (dialect.entry().read)(file, text)
}
