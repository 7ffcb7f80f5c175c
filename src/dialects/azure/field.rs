//! Fields of rules that come in two forms: one value, and a list of several.

use crate::dialects::cloud::{Fields, Remarks, prefix};
use crate::packet::Family;
use crate::tree::{Kind, Node};

/// The sides of a packet as fields are named by them.
pub const SIDES: [&str; 2] = ["source", "destination"];

/// All values of a field, each once: the one under `one`, and those under `several`. Exports of effective rules have
/// both, PowerShell has lists under `one`.
pub fn values<'n>(
    rule: Fields<'n, 'n>,
    one: &str,
    several: &str,
    remarks: &mut Remarks,
) -> Vec<&'n Node<'n>> {
    let single = match rule.get(one) {
        Some(Node { kind: Kind::List(items), .. }) => items,
        Some(node) => std::slice::from_ref(node),
        None => &[],
    };
    let mut all: Vec<&Node> = Vec::new();
    for item in single.iter().chain(rule.list(several, remarks)) {
        let text = item.text();
        let is_known = text.is_some() && all.iter().any(|known| known.text() == text);
        if !is_known && text != Some("") {
            all.push(item);
        }
    }
    all
}

/// Does a rule name IPv6 addresses?
pub fn names_v6(rule: Fields) -> bool {
    let is_v6 = |node: &Node| {
        let address = node.text().map(prefix);
        matches!(address, Some(Ok((Family::V6, _))))
    };
    SIDES.iter().flat_map(|side| ["Prefix", "Prefixes"].map(|end| format!("{side}Address{end}"))).any(|key| {
        let node = rule.get(&key);
        node.is_some_and(|node| is_v6(node) || node.items().iter().any(is_v6))
    })
}
