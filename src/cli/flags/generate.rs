//! The flags of `fwlint generate`.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ipnet::IpNet;

use super::{TunnelFlags, given, values};
use crate::commands::generate;
use crate::dialects::{COMPOSED, Dialect};
use crate::lints::plan::Besides;
use crate::model::Bridge;

/// Write a ruleset for a host that runs cloudflared
///
/// Nothing passes but loopback, established connections, name resolution, the tunnel, the services that a setting
/// requires, and SSH from where it is let in. IPv4 and IPv6 are both spoken for: by a script that loads both, by one
/// table of nft (also in tasks for Ansible and in a module of NixOS), by commands that make the rules of a cloud, or by
/// `iptables` and `ip6tables`, one each.
///
/// With `--user` the tunnel gets out for that user alone. With `--runs-in container` it is let through from the
/// networks of containers, whose own rules stay in force or are added again by Docker.
#[derive(Debug, Args)]
pub struct Generate {
    /// The language
    #[arg(long, value_name = "DIALECT", value_parser = composed(), default_value = "iptables-script")]
    dialect: Dialect,

    /// A network from which SSH is let in
    ///
    /// May be given several times. Without any, the machine is reached through the tunnel alone.
    #[arg(long, value_name = "NETWORK", value_parser = values::network)]
    ssh_from: Vec<IpNet>,

    /// A network in which the machine asks for the time by NTP
    ///
    /// May be given several times; `--ntp-to 0.0.0.0/0 --ntp-to ::/0` is any server.
    #[arg(long, value_name = "NETWORK", value_parser = values::network)]
    ntp_to: Vec<IpNet>,

    /// The machine gets its addresses by DHCP
    #[arg(long)]
    dhcp: bool,

    /// The interface of the network in which cloudflared's container is, as `br-cloudflared`, or `br-*` for several
    ///
    /// May be given several times. Without any they are those that Docker makes: docker0 and br-*.
    #[arg(long, value_name = "NAME", value_parser = values::bridge)]
    bridge: Vec<Bridge>,

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
            besides: Besides {
                ssh: self.ssh_from.clone(),
                time: self.ntp_to.clone(),
                has_dhcp: self.dhcp,
                bridges: self.bridge.clone(),
            },
        }
    }
}

/// Takes the name of a language in which whole rulesets are written.
fn composed() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(COMPOSED.map(|composed| composed.0)).try_map(|name| {
        let found = COMPOSED.into_iter().find(|composed| composed.0 == name);
        found.map(|composed| composed.1).ok_or("there is no such dialect")
    })
}
