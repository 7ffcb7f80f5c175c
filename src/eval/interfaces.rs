//! What the names of interfaces tell about where they lead.

use std::sync::LazyLock;

use crate::packet::{Ranges, values};

/// Names of interfaces that lead to containers, guests and taps rather than out.
const INNER: &[&str] = &[
    "br-",
    "docker",
    "podman",
    "virbr",
    "vnet",
    "veth",
    "tap",
    "cni",
    "flannel",
    "cali",
    "lxcbr",
    "lxdbr",
    "kube-",
    "dummy",
    "ifb",
    "nodelocaldns",
    "cilium",
];

/// Names of interfaces that lead into tunnels: what leaves there is not seen by this host again.
const TUNNELS: &[&str] = &["wg", "tun", "tailscale", "zt", "nebula", "ipsec", "gre", "sit"];

/// Names of further interfaces with one machine at the far end, whose address nobody need ask for.
const POINT_TO_POINT: &[&str] = &["ppp", "wwan"];

/// Any interface but lo.
pub fn any_but_lo() -> Ranges {
    static ANY_BUT_LO: LazyLock<Ranges> = LazyLock::new(|| {
        let lo = values::name("lo").unwrap_or_default();
        Ranges::union([(1, lo - 1), (lo + 1, u128::MAX)])
    });
    ANY_BUT_LO.clone()
}

/// Any interface that may lead out.
pub fn outer() -> Ranges {
    static OUTER: LazyLock<Ranges> = LazyLock::new(|| any_but_lo().minus(&inner()));
    OUTER.clone()
}

/// Interfaces that lead to containers, guests and taps.
pub fn inner() -> Ranges {
    prefixes(INNER)
}

/// Interfaces that lead into tunnels.
pub fn tunnels() -> Ranges {
    prefixes(TUNNELS)
}

/// Interfaces over which packets reach the far end without neighbour discovery.
pub fn without_neighbours() -> Ranges {
    // These two carry Ethernet frames.
    let bridged = prefixes(&["zt", "gretap"]);
    tunnels().or(&prefixes(POINT_TO_POINT)).minus(&bridged)
}

fn prefixes(starts: &[&str]) -> Ranges {
    Ranges::union(starts.iter().filter_map(|start| values::names_with_prefix(start)))
}
