//! The settings that lints read, and where each was set.

use std::net::IpAddr;

use super::values::{PortRange, User};
use crate::source::{Span, Spanned};

/// A value and who set it.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Who set it.
    pub origin: Origin,
}

/// Who set a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: it is the default.
    Default,
    /// A flag of the command line.
    Flag,
    /// This place in fwlint.yaml or in cloudflared's configuration.
    Place(Span),
}

impl<T> Setting<T> {
    /// A value that stands in a file.
    pub fn at(value: Spanned<T>) -> Self {
        Setting { value: value.value, origin: Origin::Place(value.span) }
    }

    /// A value that a flag gave.
    pub fn flag(value: T) -> Self {
        Setting { value, origin: Origin::Flag }
    }

    /// The place that set it, if a file did.
    pub fn place(&self) -> Option<Span> {
        match self.origin {
            Origin::Place(span) => Some(span),
            Origin::Default | Origin::Flag => None,
        }
    }

    /// Did the user set it?
    pub fn is_given(&self) -> bool {
        self.origin != Origin::Default
    }
}

/// Makes, of one list of settings with their defaults, what a source gives and what is settled.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $default:expr;)*) => {
        /// What one source says: a file, or the flags.
        #[derive(Clone, Debug, Default)]
        pub struct Given {
            $($(#[$doc])* pub $name: Option<Setting<$kind>>,)*
        }

        /// What holds for a unit.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $($(#[$doc])* pub $name: Setting<$kind>,)*
        }

        impl Given {
            /// What this says, and where it says nothing, what the other does.
            pub fn or(self, other: Given) -> Given {
                Given { $($name: self.$name.or(other.$name),)* }
            }

            /// What this says: the key and the value of each setting.
            pub fn told(&self) -> Vec<(String, serde_json::Value)> {
                let mut told = Vec::new();
                $(if let Some(setting) = &self.$name {
                    let value = serde_json::to_value(&setting.value).unwrap_or_default();
                    told.push((stringify!($name).replace('_', "-"), value));
                })*
                told
            }

            /// What holds: the defaults where nothing was said. The address that connections are bound to decides their
            /// family, whatever else is said.
            pub fn settle(mut self) -> Settings {
                let default = Origin::Default;
                if let Some(Setting { value: Some(bound), origin }) = self.edge_bind_address {
                    let value = if bound.is_ipv4() { EdgeIpVersion::V4 } else { EdgeIpVersion::V6 };
                    self.edge_ip_version = Some(Setting { value, origin });
                }
                Settings {
                    $($name: self.$name.unwrap_or_else(|| Setting { value: $default, origin: default }),)*
                }
            }
        }

        impl Settings {
            /// Each setting: its key, its value, and who set it.
            pub fn each(&self) -> Vec<(String, serde_json::Value, Origin)> {
                vec![$((
                    stringify!($name).replace('_', "-"),
                    serde_json::to_value(&self.$name.value).unwrap_or_default(),
                    self.$name.origin,
                )),*]
            }
        }
    };
}

settings! {
    /// What carries the tunnel's connections.
    protocol: Protocol = Protocol::Auto;
    /// The address family in which the edge is dialled.
    edge_ip_version: EdgeIpVersion = EdgeIpVersion::Auto;
    /// The address of the machine from which the edge is dialled; `None` for the one that its routes choose.
    edge_bind_address: Option<IpAddr> = None;
    /// The endpoint of the profile that is dialled.
    region: String = "global".to_string();
    /// Does the tunnel check Access tokens?
    access: bool = false;
    /// Does the program update itself?
    auto_update: bool = false;
    /// Is it a quick tunnel, without an account?
    quick_tunnel: bool = false;
    /// The resolvers of the machine; empty when they are not known.
    resolvers: Vec<IpAddr> = Vec::new();
    /// The resolvers that a resolver on the machine asks in turn; empty when they are not known.
    upstream_resolvers: Vec<IpAddr> = Vec::new();
    /// Where the program runs.
    runs_in: RunsIn = RunsIn::Host;
    /// The user that the program runs as; `None` for the one that has its name.
    user: Option<User> = None;
    /// How strictly exposure is judged.
    policy: Policy = Policy::Advisory;
    /// The ports from which the machine opens connections.
    ephemeral_ports: PortRange = PortRange { first: 32768, last: 60999 };
    /// What new rules for the edge name.
    edge_rules: EdgeRules = EdgeRules::Addresses;
}

/// What carries the tunnel's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// QUIC first, HTTP/2 when it fails.
    Auto,
    /// QUIC alone.
    Quic,
    /// HTTP/2 alone.
    Http2,
}

/// The address family in which the edge is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EdgeIpVersion {
    /// Whichever the resolver names first.
    Auto,
    /// IPv4 alone.
    #[serde(rename = "4")]
    #[value(name = "4")]
    V4,
    /// IPv6 alone.
    #[serde(rename = "6")]
    #[value(name = "6")]
    V6,
}

/// Where the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RunsIn {
    /// On the machine itself: its packets meet OUTPUT.
    Host,
    /// In a container on a bridge: its packets meet FORWARD.
    Container,
}

/// What new rules for the edge name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EdgeRules {
    /// Its published addresses, and no others.
    Addresses,
    /// One prefix for each region, the smallest that holds the region's published addresses.
    Prefixes,
}

/// How strictly exposure is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// What gets in is worth a note.
    Advisory,
    /// Nothing gets in that is not allowed by name: anything else fails the run.
    Positive,
}

impl Settings {
    /// The address from which the edge is dialled. To be bound to no address in particular tells the family alone.
    pub fn bound(&self) -> Option<IpAddr> {
        self.edge_bind_address.value.filter(|address| !address.is_unspecified())
    }
}
