//! Chains that programs keep: what stands there is not for people to tidy up.

use crate::model::Table;

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
];

/// Chains whose presence tells that a program makes the whole table.
const SIGNATURES: &[(&str, &str)] = &[
    ("INPUT_ZONES", "firewalld"),
    ("shorewall", "Shorewall"),
    ("shorewall6", "Shorewall"),
    ("in_world", "FireHOL"),
    ("LOCALINPUT", "csf"),
];

/// Chains that a program makes for people to fill.
const FOR_PEOPLE: &[&str] = &["DOCKER-USER", "INPUT_direct", "FORWARD_direct", "OUTPUT_direct"];

/// The program that writes the rules of a chain of this name, as far as names tell.
pub(super) fn rules_by(table: &Table, chain: &str) -> Option<&'static str> {
    by(table, chain).filter(|_| !FOR_PEOPLE.contains(&chain))
}

/// The program that makes a chain of this name, as far as names tell.
pub(super) fn by(table: &Table, chain: &str) -> Option<&'static str> {
    by_name(chain).or_else(|| {
        let is_there = |(name, _): &&(&str, &str)| table.chain(name).is_some();
        SIGNATURES.iter().find(is_there).map(|(_, program)| *program)
    })
}

/// The program whose chains and sets have names such as this.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, program)| *program)
}
