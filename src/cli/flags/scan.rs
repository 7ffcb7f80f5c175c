//! The flags of `fwlint scan`.

use std::path::PathBuf;

use clap::Args;

use super::judging::{JudgingFlags, ReportFlags};
use super::mending::BudgetFlags;
use super::{TunnelFlags, given};
use crate::commands::check::{self, Mending};
use crate::commands::input::{ConfigChoice, Selection};
use crate::commands::scan::{self, Probing};
use crate::config::{Given, Setting};

/// Check the firewall that is in force on this host
///
/// Asks the kernel for all its rules, of both kinds of iptables, of nft and of ipset; for the interfaces, their addresses
/// and the resolvers; and looks at how cloudflared is set up. All of it is judged as one host. Nothing is changed, nothing
/// is sent without `--probe`, and no token is shown or kept. Root sees everything; what another user does not see is named.
///
/// Exit status: 0 when there is nothing to complain about, 1 when there are findings at or above the fail level, 2 when
/// rules that are in force could not be seen: the report is then about the others alone.
#[derive(Debug, Args)]
pub struct Scan {
    /// Keep what was seen, without tokens, in a new folder: `fwlint check FOLDER` says the same of it elsewhere
    #[arg(long, value_name = "FOLDER")]
    save: Option<PathBuf>,

    /// Keep it, and do not check it
    #[arg(long, requires = "save", conflicts_with_all = ["quick", "fixes", "format", "outputs", "statistics", "baseline", "write_baseline"])]
    no_check: bool,

    /// Try what the tunnel needs from here, and say whether the rules or the network is to blame where it fails
    ///
    /// Asks for the names of the edge; makes connections of TCP and sends packets of QUIC to its addresses; tries DNS, DNS
    /// over TLS and the services over HTTPS. What is going to be sent is shown first, and is only sent after a yes.
    #[arg(long)]
    probe: bool,

    /// Do not ask whether it may be sent
    #[arg(long, requires = "probe")]
    yes: bool,

    /// Leave out the lints that look at every rule against every other
    ///
    /// These are `shadowed-rule`, `redundant-rule` and `accept-is-not-final`.
    #[arg(long)]
    quick: bool,

    #[command(flatten)]
    budget: BudgetFlags,

    #[command(flatten)]
    report: ReportFlags,

    #[command(flatten)]
    judging: JudgingFlags,

    /// A fwlint.yaml, for what cannot be seen: what may come in, levels, the policy
    ///
    /// What it says counts more than what is seen; its `hosts` do not count.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    config: Option<PathBuf>,

    #[command(flatten)]
    tunnel: TunnelFlags,
}

impl Scan {
    /// What the flags mean.
    pub fn options(&self) -> scan::Options {
        let JudgingFlags { policy, fail_level, exit_zero, strict, select, ignore, .. } = &self.judging;
        let selection = Selection {
            config: self.config.clone().map_or(ConfigChoice::Isolated, ConfigChoice::File),
            cloudflared: self.tunnel.cloudflared_config.clone(),
            flags: Given { policy: policy.map(Setting::flag), ..given(&self.tunnel) },
            ..Selection::default()
        };
        let check = check::Options {
            selection,
            show: self.report.show(),
            is_quiet: self.report.quiet,
            outputs: self.report.outputs.clone(),
            summary: None,
            is_quick: self.quick,
            fixes: self.budget.fixes,
            mending: Mending::Show,
            takes_unsafe: false,
            fail_level: *fail_level,
            exit_zero: *exit_zero,
            is_strict: *strict,
            select: select.clone(),
            ignore: ignore.clone(),
            baseline: self.judging.baseline(),
        };
        let probing = match (self.probe, self.yes) {
            (false, _) => Probing::Off,
            (true, false) => Probing::Ask,
            (true, true) => Probing::On,
        };
        scan::Options { check, save: self.save.clone(), is_checked: !self.no_check, probing }
    }
}
