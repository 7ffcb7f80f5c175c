//! The flags. Help, man page and completions all come from here.

mod mending;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::check::{self, Output};
use crate::commands::diff;
use crate::commands::input::{ConfigChoice, Selection};
use crate::commands::trace;
use crate::config::{
    EdgeIpVersion, Given, Interface, Policy, PortRange, Protocol, RunsIn, Setting, User, region_named,
};
use crate::dialects::{DIALECTS, Dialect};
use crate::finding::Level;
use crate::report::Format;
use crate::tree::nearest;
use mending::MendingFlags;

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
    Check(Check),
    Diff(Diff),
    Explain(Explain),
    Trace(Trace),
}

/// Check firewall rules
///
/// Reads the rules, works out which packets each of them decides, and says what is wrong. Files that are
/// loaded on one host are judged together: `rules.v4` with `rules.v6`, `iptables` with `ip6tables`, and
/// an ipset save beside them are found on disk when only one of them is named.
///
/// Exit status: 0 when there is nothing to complain about, 1 when there are findings at or above the fail
/// level, 2 when the check could not be done.
#[derive(Debug, Args)]
pub struct Check {
    /// Leave out the lints that look at every rule against every other
    ///
    /// These are `shadowed-rule` and `redundant-rule`. For very large rulesets, and for hooks that must be fast.
    #[arg(long)]
    quick: bool,

    #[command(flatten)]
    mending: MendingFlags,

    /// How to print the findings
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: Format,

    /// Write a report to a file besides: sarif=fwlint.sarif
    ///
    /// May be given several times, for several files.
    #[arg(long = "output", value_name = "FORMAT=FILE", value_parser = output, help_heading = "Output")]
    outputs: Vec<Output>,

    /// Add a summary in Markdown to the page of the job, where GITHUB_STEP_SUMMARY says
    #[arg(long, requires = "step_summary", help_heading = "Output")]
    github_summary: bool,

    /// The file of the summary; GitHub Actions sets it.
    #[arg(long, env = "GITHUB_STEP_SUMMARY", hide = true, value_name = "FILE")]
    step_summary: Option<PathBuf>,

    /// How strictly to judge what gets in
    ///
    /// `positive` says that this host keeps the positive security model: nothing gets in that
    /// `allow-ingress` in fwlint.yaml does not allow by name, and whatever else does fails the check.
    #[arg(long, value_name = "POLICY")]
    policy: Option<Policy>,

    /// The level from which on findings fail the check
    #[arg(long, value_name = "LEVEL", default_value = "warning", conflicts_with = "exit_zero")]
    fail_level: FailLevel,

    /// Exit with 0 whatever is found
    #[arg(long)]
    exit_zero: bool,

    #[command(flatten)]
    input: InputFlags,

    #[command(flatten)]
    tunnel: TunnelFlags,
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
}

/// Follow a packet through the rules
///
/// Says which rule decides it at each hook, and what becomes of the answer and of the packets after it.
///
/// A packet is written `out|in|local|forward PROTO SRC[:PORT] > DST[:PORT]`, IPv6 addresses with a port in
/// square brackets, and after it, where they matter, `iface=`, `uid=`, `gid=`, `mark=`, `flags=` (letters of
/// FSRPAU), `type=` and `code=`. Exit status: 0 when there was an answer, 2 otherwise.
#[derive(Debug, Args)]
pub struct Trace {
    /// The packet: 'out udp 192.0.2.10:40000 > 198.41.192.7:7844'
    #[arg(long, value_name = "PACKET", required_unless_present = "packets", conflicts_with = "packets")]
    packet: Vec<String>,

    /// Many packets, one JSON object a line; answers one JSON object a line
    ///
    /// The keys are `direction`, `proto`, `src`, `dst`, `sport`, `dport`, `iface`, `uid`, `gid`, `mark`,
    /// `flags`, `type`, `code`. `-` is standard input.
    #[arg(long, value_name = "FILE")]
    packets: Option<PathBuf>,

    #[command(flatten)]
    input: InputFlags,
}

/// What is read.
#[derive(Debug, Args)]
struct InputFlags {
    /// Files, or directories of them; `-` is standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

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
    #[arg(long = "as", value_name = "DIALECT", value_parser = dialects(), help_heading = "Input")]
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

    /// The endpoints that are dialled: global, us or fedramp
    #[arg(long, value_name = "REGION", value_parser = region_named)]
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
    #[arg(long = "resolver", value_name = "ADDRESS")]
    resolvers: Vec<IpAddr>,

    /// Where cloudflared runs
    #[arg(long, value_name = "WHERE")]
    runs_in: Option<RunsIn>,

    /// The user that cloudflared runs as, by name or number
    #[arg(long, value_name = "USER")]
    user: Option<User>,

    /// The ports from which the machine opens connections
    #[arg(long, value_name = "FIRST-LAST")]
    ephemeral_ports: Option<PortRange>,
}

/// A level as a flag.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailLevel {
    Note,
    Warning,
    Error,
}

impl Check {
    /// What the flags mean.
    pub fn options(&self) -> check::Options {
        let level = match self.fail_level {
            FailLevel::Note => Level::Note,
            FailLevel::Warning => Level::Warning,
            FailLevel::Error => Level::Error,
        };
        check::Options {
            selection: selection(&self.input.paths, &self.input.host, Some(&self.tunnel), self.policy),
            format: self.format,
            outputs: self.outputs.clone(),
            summary: self.step_summary.clone().filter(|_| self.github_summary),
            is_quick: self.quick,
            fixes: self.mending.fixes,
            mending: self.mending.mending(),
            takes_unsafe: self.mending.unsafe_fixes,
            fail_level: (!self.exit_zero).then_some(level),
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
            selection: selection(&self.input.paths, &self.input.host, None, None),
            packets: match &self.packets {
                Some(path) => trace::Packets::File(path.clone()),
                None => trace::Packets::Texts(self.packet.clone()),
            },
        }
    }
}

/// `sarif=fwlint.sarif`.
fn output(text: &str) -> Result<Output, String> {
    let names = || Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err("expected a format and a file, like sarif=fwlint.sarif".to_string());
    };
    let format = Format::from_str(format, false).map_err(|_| {
        let names: Vec<String> = names().map(|name| name.get_name().to_string()).collect();
        match nearest(format, names.iter().map(String::as_str)) {
            Some(right) => format!("there is no format `{format}`; did you mean `{right}`?"),
            None => format!("there is no format `{format}`; it is one of {}", names.join(", ")),
        }
    })?;
    Ok(Output { format, path: PathBuf::from(path) })
}

/// The dialects, by their names.
fn dialects() -> impl TypedValueParser<Value = Dialect> {
    let names = DIALECTS.iter().map(|entry| entry.name);
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
        region: tunnel.region.clone().map(Setting::flag),
        access: switch(tunnel.access),
        auto_update: switch(tunnel.auto_update),
        quick_tunnel: switch(tunnel.quick_tunnel),
        resolvers: (!tunnel.resolvers.is_empty()).then(|| Setting::flag(tunnel.resolvers.clone())),
        runs_in: tunnel.runs_in.map(Setting::flag),
        user: tunnel.user.clone().map(|user| Setting::flag(Some(user))),
        ephemeral_ports: tunnel.ephemeral_ports.map(Setting::flag),
        policy: None,
    }
}
