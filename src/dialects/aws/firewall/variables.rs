//! Variables of rules: named lists of addresses and ports.

use super::sets::{self, Set};
use crate::dialects::cloud::{Direction, Fields, Remarks};
use crate::packet::Axis;
use crate::source::Spanned;

/// The variables that rules of a group may name: its own, then those of the firewall policy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variables<'n> {
    /// `RuleVariables` of the group.
    pub own: Option<Fields<'n, 'n>>,
    /// `RuleVariables` of the policy.
    pub policy: Option<Fields<'n, 'n>>,
}

/// Is the end of packets on an axis that of the machines which the firewall protects?
pub fn is_near(axis: Axis, direction: Direction) -> bool {
    (axis == Axis::Source) == (direction == Direction::Out)
}

impl<'n> Variables<'n> {
    /// The addresses that an expression stands for.
    pub fn addresses(self, text: Spanned<&str>, is_near: bool, remarks: &mut Remarks) -> Set {
        let mut item = |name: &str| match name.strip_prefix('$') {
            Some(name) => self.named_addresses(name, is_near, remarks),
            // References to resources have their addresses elsewhere.
            None if name.starts_with('@') => sets::some_addresses(),
            None => sets::address(name).unwrap_or_else(|problem| {
                remarks.add(text.span, problem);
                sets::some_addresses()
            }),
        };
        sets::read(text.value, &sets::all_addresses(), &mut item).unwrap_or_else(|| {
            remarks.add(text.span, format!("`{}` is no list of addresses", text.value));
            sets::some_addresses()
        })
    }

    /// The ports that an expression stands for.
    pub fn ports(self, text: Spanned<&str>, remarks: &mut Remarks) -> Set {
        let mut item = |name: &str| match name.strip_prefix('$') {
            Some(name) => self.named_ports(name, remarks),
            None => sets::port(name).unwrap_or_else(|problem| {
                remarks.add(text.span, problem);
                sets::some_ports()
            }),
        };
        sets::read(text.value, &sets::all_ports(), &mut item).unwrap_or_else(|| {
            remarks.add(text.span, format!("`{}` is no list of ports", text.value));
            sets::some_ports()
        })
    }

    /// The addresses of a variable. A unit is what becomes of the machines in `HOME_NET`, which stands for the network
    /// of the firewall unless somebody says otherwise, and `EXTERNAL_NET` for all others.
    fn named_addresses(self, name: &str, is_near: bool, remarks: &mut Remarks) -> Set {
        let told = |of: Option<Fields<'n, 'n>>, remarks: &mut Remarks| {
            let list = definition(of?, "IPSets", name, remarks)?;
            let each: Vec<Set> = list.into_iter().map(|text| self.member(text, remarks)).collect();
            sets::union(each)
        };
        if let Some(set) = told(self.own, remarks).or_else(|| told(self.policy, remarks)) {
            return set;
        }
        match name {
            "HOME_NET" if is_near => sets::all_addresses(),
            "HOME_NET" => sets::some_own_addresses(),
            // What a group says of HOME_NET leaves EXTERNAL_NET as it is.
            "EXTERNAL_NET" => {
                let policy = Variables { own: None, policy: self.policy };
                sets::not(&policy.named_addresses("HOME_NET", is_near, remarks))
            }
            _ => sets::some_addresses(),
        }
    }

    /// An entry of a definition, which names no variables.
    fn member(self, text: Spanned<&str>, remarks: &mut Remarks) -> Set {
        let mut item = |name: &str| {
            sets::address(name).unwrap_or_else(|problem| {
                remarks.add(text.span, problem);
                sets::some_addresses()
            })
        };
        let read = sets::read(text.value, &sets::all_addresses(), &mut item);
        read.unwrap_or_else(sets::some_addresses)
    }

    fn named_ports(self, name: &str, remarks: &mut Remarks) -> Set {
        let told = |of: Option<Fields<'n, 'n>>, remarks: &mut Remarks| {
            let list = definition(of?, "PortSets", name, remarks)?;
            let mut each = |text: Spanned<&str>| {
                let mut item = |port: &str| {
                    sets::port(port).unwrap_or_else(|problem| {
                        remarks.add(text.span, problem);
                        sets::some_ports()
                    })
                };
                sets::read(text.value, &sets::all_ports(), &mut item).unwrap_or_else(sets::some_ports)
            };
            let each: Vec<Set> = list.into_iter().map(&mut each).collect();
            sets::union(each)
        };
        told(self.own, remarks).or_else(|| told(self.policy, remarks)).unwrap_or_else(sets::some_ports)
    }
}

/// What a variable is defined as.
fn definition<'n>(
    variables: Fields<'n, 'n>,
    kind: &str,
    name: &str,
    remarks: &mut Remarks,
) -> Option<Vec<Spanned<&'n str>>> {
    // Those of a policy are lists of addresses alone, and stand there without the kind.
    let sets = match variables.get(kind) {
        Some(sets) => Fields::of(sets, remarks)?,
        None => variables,
    };
    let variable = Fields::of(sets.get(name)?, remarks)?;
    variable.get("Definition")?;
    Some(variable.texts("Definition", remarks))
}
