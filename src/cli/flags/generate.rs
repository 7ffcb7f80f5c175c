//! The flags of `fwlint generate`.

use clap::Args;
use ipnet::IpNet;

use super::{TunnelFlags, dialects, given, values};
use crate::commands::generate;
use crate::dialects::{COMPOSED, Dialect};

/// Write a ruleset for a host that runs cloudflared
///
/// Nothing passes but loopback, established connections, name resolution, the tunnel, the services that a setting
/// requires, and SSH from where it is let in. IPv4 and IPv6 are both spoken for: by a script that loads both, by one
/// table of nft, or by `iptables` and `ip6tables`, one each.
#[derive(Debug, Args)]
pub struct Generate {
    /// The language
    #[arg(long, value_name = "DIALECT", value_parser = dialects(COMPOSED), default_value = "iptables-script")]
    dialect: Dialect,

    /// A network from which SSH is let in
    ///
    /// May be given several times. Without any, the machine is reached through the tunnel alone.
    #[arg(long, value_name = "NETWORK", value_parser = values::network)]
    ssh_from: Vec<IpNet>,

    #[command(flatten)]
    tunnel: TunnelFlags,
}

impl Generate {
    /// What the flags mean.
    pub fn options(&self) -> generate::Options {
        generate::Options {
            dialect: self.dialect,
            given: given(&self.tunnel),
            cloudflared: self.tunnel.cloudflared_config.clone(),
            ssh: self.ssh_from.clone(),
        }
    }
}
