//! Chains that programs keep: what stands there is not for people to tidy up.

use super::Context;
use crate::eval::RuleId;
use crate::model::{Match, Table, Verdict};
use crate::packet::{Axis, Ranges, values};

/// How the names of such chains begin, and which program makes them.
const PREFIXES: &[(&str, &str)] = &[
    ("DOCKER", "Docker"),
    ("docker", "Docker"),
    ("KUBE-", "Kubernetes"),
    ("CNI-", "a container network plugin"),
    ("FLANNEL-", "flannel"),
    ("cali", "Calico"),
    ("CILIUM_", "Cilium"),
    ("OLD_CILIUM_", "Cilium"),
    ("WEAVE-", "Weave Net"),
    ("ISTIO_", "Istio"),
    ("PROXY_INIT_", "Linkerd"),
    ("NETAVARK", "Podman"),
    ("ufw", "ufw"),
    ("f2b-", "fail2ban"),
    ("fail2ban-", "fail2ban"),
    ("sshguard", "sshguard"),
    ("CROWDSEC", "CrowdSec"),
    ("LIBVIRT_", "libvirt"),
    ("nixos-fw", "NixOS"),
    ("nixos-nat", "NixOS"),
    ("nixos-drop", "NixOS"),
    ("ts-", "Tailscale"),
    ("nebula-", "Nebula"),
    ("neutron-", "OpenStack"),
    ("nova-", "OpenStack"),
    ("quantum-", "OpenStack"),
    ("BareMetalInstanceServices", "Oracle Cloud"),
    ("InstanceServices", "Oracle Cloud"),
    ("MINIUPNPD", "miniupnpd"),
    ("UPNP", "miniupnpd"),
    // firewalld's, in its iptables backend.
    ("IN_", "firewalld"),
    ("FWDI_", "firewalld"),
    ("FWDO_", "firewalld"),
    ("FWD", "firewalld"),
    ("OUT_", "firewalld"),
    ("PRE_", "firewalld"),
    ("POST_", "firewalld"),
    ("INPUT_", "firewalld"),
    ("FORWARD_", "firewalld"),
    ("OUTPUT_", "firewalld"),
    ("PREROUTING_", "firewalld"),
    ("POSTROUTING_", "firewalld"),
    // OpenWrt's fw3.
    ("zone_", "OpenWrt"),
    ("input_", "OpenWrt"),
    ("output_", "OpenWrt"),
    ("forwarding_", "OpenWrt"),
    ("prerouting_", "OpenWrt"),
    ("postrouting_", "OpenWrt"),
    (AZURE_DEFAULTS, "Azure"),
    ("generated rules ", "AWS"),
];

/// How the names of chains begin in which Azure has the rules that it adds to each network security group.
const AZURE_DEFAULTS: &str = "defaultSecurityRules ";

/// Chains whose presence tells that a program makes the whole table.
const SIGNATURES: &[(&str, &str)] = &[
    ("INPUT_ZONES", "firewalld"),
    ("shorewall", "Shorewall"),
    ("shorewall6", "Shorewall"),
    ("in_world", "FireHOL"),
    ("LOCALINPUT", "csf"),
];

/// Tables of nft that a program makes, whatever their chains are called.
const TABLES: &[(&str, &str)] = &[
    ("firewalld", "firewalld"),
    ("fw4", "OpenWrt"),
    ("docker-bridges", "Docker"),
    ("kube-proxy", "Kubernetes"),
    ("libvirt_network", "libvirt"),
    ("netavark", "Podman"),
    ("f2b-table", "fail2ban"),
    ("foomuuri", "Foomuuri"),
    ("incus", "Incus"),
    ("lxd", "LXD"),
    ("nixos-fw", "NixOS"),
    ("tailscale", "Tailscale"),
];

/// Chains that a program makes for people to fill.
const FOR_PEOPLE: &[&str] = &["DOCKER-USER", "INPUT_direct", "FORWARD_direct", "OUTPUT_direct"];

/// The program that writes the rules of a chain of this name, as far as names tell.
pub(super) fn rules_by(table: &Table, chain: &str) -> Option<&'static str> {
    by(table, chain).filter(|_| !FOR_PEOPLE.contains(&chain))
}

/// The program that makes a chain of this name, as far as names tell.
pub(super) fn by(table: &Table, chain: &str) -> Option<&'static str> {
    let of_table = || TABLES.iter().find(|(name, _)| *name == &*table.name).map(|(_, program)| *program);
    by_name(chain).or_else(of_table).or_else(|| {
        let is_there = |(name, _): &&(&str, &str)| table.chain(name).is_some();
        SIGNATURES.iter().find(is_there).map(|(_, program)| *program)
    })
}

/// The program whose chains and sets have names such as this.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, program)| *program)
}

/// The program that writes a rule: that of its chain, that whose chain the rule calls, or Docker, which
/// writes rules for its bridges into FORWARD.
pub(super) fn rule_by(context: &Context, id: RuleId) -> Option<&'static str> {
    let chain = context.host.chain(id.chain);
    let rule = context.host.rule(id).rule;
    rules_by(chain.table, &chain.chain.name).or_else(|| match &rule.verdict.value {
        Verdict::Jump(target) | Verdict::Goto(target) => by_name(target),
        _ => {
            let has_docker = chain.chain.base.is_some() && chain.table.chain("DOCKER").is_some();
            (has_docker && rule.matches.iter().any(|part| names_bridge(&part.value))).then_some("Docker")
        }
    })
}

/// Is a rule one that is there to be overridden, or a call of such?
pub(super) fn is_default(context: &Context, id: RuleId) -> bool {
    let calls = match &context.host.rule(id).rule.verdict.value {
        Verdict::Jump(target) => target.starts_with(AZURE_DEFAULTS),
        _ => false,
    };
    calls || context.host.chain(id.chain).chain.name.starts_with(AZURE_DEFAULTS)
}

/// Does a chain exist so that people override in it what a program does?
pub(super) fn is_for_people(chain: &str) -> bool {
    FOR_PEOPLE.contains(&chain)
}

/// Does a match name a bridge of Docker, or all interfaces but one?
fn names_bridge(part: &Match) -> bool {
    let Match::Field(Axis::InInterface | Axis::OutInterface, values) = part else { return false };
    let prefixes = ["docker", "br-"].into_iter().filter_map(values::names_with_prefix);
    let bridges = Ranges::union(prefixes);
    let is_of = |names: &Ranges| !names.is_empty() && bridges.covers(names);
    values.ranges().is_some_and(|names| is_of(names) || is_of(&names.complement(u128::MAX)))
}
