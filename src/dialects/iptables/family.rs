//! Of which family a dump is: its text does not tell it outright.

use crate::packet::Family;

/// The family that the content of a dump speaks of; `None` if it is no dump or could be either.
pub fn in_text(text: &str) -> Option<Family> {
    if !super::save::is_save(text) {
        return None;
    }
    if text.contains("ip6tables-save") || text.contains("::") {
        return Some(Family::V6);
    }
    None
}

/// Is a file, by its lower-case name, one of ip6tables?
pub fn is_v6_name(name: &str) -> bool {
    name.ends_with(".v6") || name.contains("ip6") || name.contains("rules6")
}

/// Is a file, by its lower-case name, one of iptables?
pub fn is_v4_name(name: &str) -> bool {
    name.ends_with(".v4") || name.contains("iptables")
}
