//! The flags. Help, man page and completions all come from here.

mod check;
mod generate;
mod judging;
mod mending;
mod scan;
mod values;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::diff;
use crate::commands::explain::What;
use crate::commands::input::{ConfigChoice, Selection};
use crate::commands::trace;
use crate::config::{
    EdgeIpVersion, EdgeRules, Given, Interface, Policy, PortRange, Protocol, RunsIn, Setting, User,
};
use crate::dialects::{DIALECTS, Dialect};

pub use check::Check;
use generate::Generate;
use scan::Scan;

/// A linter for firewall configurations: says, exactly and at the right line, whether Cloudflare Tunnel
/// can get out and whether anything gets in
#[derive(Debug, Parser)]
#[command(name = "fwlint", version, propagate_version = true, max_term_width = 100)]
pub struct Fwlint {
    #[command(subcommand)]
    pub command: Command,

    /// When to colour the output
    ///
    /// `auto` colours it on a terminal, unless NO_COLOR is set, and elsewhere when CLICOLOR_FORCE is.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 100)]
    pub color: Color,
}

/// When to colour the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Check(Box<Check>),
    Diff(Diff),
    Explain(Explain),
    Generate(Generate),
    Scan(Box<Scan>),
    Trace(Trace),
    /// Write a fwlint.yaml, with comments, for the firewalls in this folder
    Init,
    Completions(Completions),
    Man(Man),
}

/// Print completions for a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Print the manual page
#[derive(Debug, Args)]
pub struct Man {
    /// Of this command; otherwise of the whole program
    pub command: Option<String>,
}

/// Compare two hosts: the packets that they treat differently
///
/// Says which packets get through on one of them only, and which rules decide on either side: `+` for what the
/// new one opens, `-` for what it closes, `~` for other differences. Each side is a file, or a directory of
/// files that are loaded on one host. What an earlier packet of a flow has met is not looked at: new
/// connections, later packets and answers are compared each on their own.
///
/// Exit status: 0 when they are equal, 1 when they differ, 2 when they could not be compared.
#[derive(Debug, Args)]
pub struct Diff {
    /// What was; `-` is standard input
    old: PathBuf,

    /// What is now
    new: PathBuf,

    /// How to print the difference
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: diff::Format,

    #[command(flatten)]
    host: HostFlags,
}

/// Explain a lint, or list them all
#[derive(Debug, Args)]
pub struct Explain {
    /// The lint, by its name in square brackets in front of its findings
    pub lint: Option<String>,

    /// All lints, page by page
    #[arg(long, conflicts_with = "lint")]
    all: bool,

    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ExplainFormat,
}

/// How a lint is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    /// Its page
    Text,
    /// JSON
    Json,
}

impl Explain {
    /// What is explained, and whether in JSON.
    pub fn options(&self) -> (What, bool) {
        let what = match &self.lint {
            Some(lint) => What::One(lint.clone()),
            None if self.all => What::All,
            None => What::Table,
        };
        (what, self.format == ExplainFormat::Json)
    }
}

/// Follow a packet through the rules
///
/// Says which rule decides it at each hook, and what becomes of the answer and of the packets after it.
///
/// A packet is written `out|in|local|forward PROTO SRC[:PORT] > DST[:PORT]`, IPv6 addresses with a port in
/// square brackets, and after it, where they matter, `iface=`, `uid=`, `gid=`, `mark=`, `flags=` (letters of
/// FSRPAU), `type=`, `code=` and `connected=` (`yes` or `no`: is the socket that asks over UDP connected? Rules
/// that ask whose an answer is see an owner only then). Exit status: 0 when there was an answer, 2 otherwise.
#[derive(Debug, Args)]
pub struct Trace {
    /// The packet: 'out udp 192.0.2.10:40000 > 198.41.192.7:7844'
    #[arg(long, value_name = "PACKET", required_unless_present = "packets", conflicts_with = "packets")]
    packet: Vec<String>,

    /// Many packets, one JSON object a line; answers one JSON object a line
    ///
    /// The keys are `direction`, `proto`, `src`, `dst`, `sport`, `dport`, `iface`, `uid`, `gid`, `mark`,
    /// `flags`, `type`, `code`, `connected` (true or false). `-` is standard input.
    #[arg(long, value_name = "FILE")]
    packets: Option<PathBuf>,

    #[command(flatten)]
    input: InputFlags,
}

/// What is read.
#[derive(Debug, Args)]
struct InputFlags {
    /// Files, or folders in which firewalls are looked for, by default the current one; `-` is standard input
    ///
    /// In folders, .gitignore and `exclude` in fwlint.yaml are honoured, and what is no firewall is passed over.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// What standard input is called: its messages, its neighbours and its fwlint.yaml
    ///
    /// Without a path it says, too, that standard input is read.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    stdin_filename: Option<PathBuf>,

    /// Leave out what `exclude` in fwlint.yaml says even when it is named
    #[arg(long, help_heading = "Input")]
    force_exclude: bool,

    #[command(flatten)]
    host: HostFlags,
}

/// What is said about the hosts that are read.
#[derive(Debug, Args)]
struct HostFlags {
    /// All files are loaded on one host
    #[arg(long, help_heading = "Input")]
    together: bool,

    /// The language of the files, instead of recognising it
    #[arg(long = "as", value_name = "DIALECT", value_parser = dialects(DIALECTS.iter().map(|entry| entry.dialect)), help_heading = "Input")]
    dialect: Option<Dialect>,

    /// A unit of an export, by its name: a network, a security group; all others are left out
    #[arg(long = "unit", value_name = "UNIT", help_heading = "Input")]
    units: Vec<String>,

    /// An interface of the host and its addresses: eth0=192.0.2.10/24,2001:db8::10/64
    ///
    /// The first one leads to the internet. Without any, it may be whichever the rules suit best.
    #[arg(long, value_name = "INTERFACE", help_heading = "Input")]
    interface: Vec<Interface>,

    /// The fwlint.yaml to read, instead of the one beside or above the files
    #[arg(long, value_name = "FILE", conflicts_with = "isolated", help_heading = "Input")]
    config: Option<PathBuf>,

    /// Read no fwlint.yaml
    #[arg(long, help_heading = "Input")]
    isolated: bool,
}

/// The settings of the tunnel, which fwlint.yaml may hold too.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tunnel")]
struct TunnelFlags {
    /// cloudflared's own configuration, to read protocol, region and more from
    #[arg(long, value_name = "FILE")]
    cloudflared_config: Option<PathBuf>,

    /// What carries the tunnel: its `--protocol`
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Option<Protocol>,

    /// The address family in which the edge is dialled: its `--edge-ip-version`
    #[arg(long, value_name = "VERSION")]
    edge_ip_version: Option<EdgeIpVersion>,

    /// The address of this machine from which the edge is dialled: its `--edge-bind-address`
    #[arg(long, value_name = "ADDRESS")]
    edge_bind_address: Option<std::net::IpAddr>,

    /// The endpoints that are dialled: global, us or fedramp
    #[arg(long, value_name = "REGION", value_parser = values::region)]
    region: Option<String>,

    /// The tunnel checks Access tokens
    #[arg(long)]
    access: bool,

    /// cloudflared updates itself
    #[arg(long)]
    auto_update: bool,

    /// It is a quick tunnel (trycloudflare.com)
    #[arg(long)]
    quick_tunnel: bool,

    /// A resolver of the machine
    #[arg(long = "resolver", value_name = "ADDRESS", value_parser = values::machine)]
    resolvers: Vec<IpAddr>,

    /// A resolver that the one on the machine itself asks in turn
    #[arg(long = "upstream-resolver", value_name = "ADDRESS", value_parser = values::machine)]
    upstream_resolvers: Vec<IpAddr>,

    /// Where cloudflared runs
    #[arg(long, value_name = "WHERE")]
    runs_in: Option<RunsIn>,

    /// The user that cloudflared runs as, by name or number
    #[arg(long, value_name = "USER")]
    user: Option<User>,

    /// The ports from which the machine opens connections
    #[arg(long, value_name = "FIRST-LAST")]
    ephemeral_ports: Option<PortRange>,

    /// What new rules for the edge name: its published addresses, or one prefix for each region that holds them
    ///
    /// Prefixes make fewer words, and let out more.
    #[arg(long, value_name = "WHAT")]
    edge_rules: Option<EdgeRules>,
}

impl InputFlags {
    /// What they say about the input.
    fn selection(&self, tunnel: Option<&TunnelFlags>, policy: Option<Policy>) -> Selection {
        Selection {
            stdin_name: self.stdin_filename.clone(),
            force_exclude: self.force_exclude,
            ..selection(&self.paths, &self.host, tunnel, policy)
        }
    }
}

impl Diff {
    /// What the flags mean.
    pub fn options(&self) -> diff::Options {
        diff::Options {
            old: self.old.clone(),
            new: self.new.clone(),
            selection: selection(&[], &self.host, None, None),
            format: self.format,
        }
    }
}

impl Trace {
    /// What the flags mean.
    pub fn options(&self) -> trace::Options {
        trace::Options {
            selection: self.input.selection(None, None),
            packets: match &self.packets {
                Some(path) => trace::Packets::File(path.clone()),
                None => trace::Packets::Texts(self.packet.clone()),
            },
        }
    }
}

/// Dialects, by their names.
fn dialects(dialects: impl IntoIterator<Item = Dialect>) -> impl TypedValueParser<Value = Dialect> {
    let names = dialects.into_iter().map(|dialect| dialect.entry().name);
    PossibleValuesParser::new(names)
        .try_map(|name| Dialect::from_name(&name).ok_or("there is no such dialect"))
}

fn selection(
    paths: &[PathBuf],
    host: &HostFlags,
    tunnel: Option<&TunnelFlags>,
    policy: Option<Policy>,
) -> Selection {
    Selection {
        paths: paths.to_vec(),
        stdin_name: None,
        force_exclude: false,
        together: host.together,
        dialect: host.dialect,
        interfaces: host.interface.clone(),
        units: host.units.clone(),
        config: match &host.config {
            Some(path) => ConfigChoice::File(path.clone()),
            None if host.isolated => ConfigChoice::Isolated,
            None => ConfigChoice::Discover,
        },
        cloudflared: tunnel.and_then(|tunnel| tunnel.cloudflared_config.clone()),
        flags: Given { policy: policy.map(Setting::flag), ..tunnel.map(given).unwrap_or_default() },
    }
}

/// What the flags of the tunnel say.
fn given(tunnel: &TunnelFlags) -> Given {
    let switch = |is_on: bool| is_on.then(|| Setting::flag(true));
    Given {
        protocol: tunnel.protocol.map(Setting::flag),
        edge_ip_version: tunnel.edge_ip_version.map(Setting::flag),
        edge_bind_address: tunnel.edge_bind_address.map(Some).map(Setting::flag),
        region: tunnel.region.clone().map(Setting::flag),
        access: switch(tunnel.access),
        auto_update: switch(tunnel.auto_update),
        quick_tunnel: switch(tunnel.quick_tunnel),
        resolvers: (!tunnel.resolvers.is_empty()).then(|| Setting::flag(tunnel.resolvers.clone())),
        upstream_resolvers: (!tunnel.upstream_resolvers.is_empty())
            .then(|| Setting::flag(tunnel.upstream_resolvers.clone())),
        runs_in: tunnel.runs_in.map(Setting::flag),
        user: tunnel.user.clone().map(|user| Setting::flag(Some(user))),
        ephemeral_ports: tunnel.ephemeral_ports.map(Setting::flag),
        edge_rules: tunnel.edge_rules.map(Setting::flag),
        policy: None,
    }
}
