//! What a running host holds: its firewall of every kind, its interfaces and resolvers, and how cloudflared is set up.
//!
//! A scan asks and never changes anything, and sends nothing unless it is told to ([`crate::probe`]). Each source of knowledge is a file of this folder; all of them go through one
//! narrow door ([`Machine`]), which tests replace. What comes of it is a [`Picture`]: texts as the programs printed them,
//! without any token, and a `fwlint.yaml` that says what they mean together.

mod cloudflared;
mod configuration;
mod firewall;
mod machine;
mod network;
mod resolvers;
mod secrets;

use std::path::Path;

use serde_json::Value;

use crate::config::Interface;

use crate::probe::{Found, Network, Plan};
pub use machine::{Here, Machine, Ran};

/// What a scan saw of a host.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// What the host calls itself.
    pub host: String,
    /// Its rules and sets, in the order in which they count as loaded.
    pub rules: Vec<Saved>,
    /// What else was looked at, for the reader.
    pub others: Vec<Saved>,
    /// Its interfaces; the first leads to the internet.
    pub interfaces: Vec<Interface>,
    /// What holds for cloudflared and the host, each setting once.
    pub said: Vec<Said>,
    /// What it could not see.
    pub unseen: Vec<Gap>,
    /// What was tried from it, if anything was.
    pub probed: Option<Probed>,
}

/// What was tried from a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The day, `2026-11-29`; `None` if the machine does not tell.
    pub day: Option<String>,
    /// The number of the user who did; `None` if the machine does not tell.
    pub uid: Option<u32>,
    /// The number of the group.
    pub gid: Option<u32>,
    /// What came of it.
    pub found: Found,
}

/// A text that a scan took down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The name of its file.
    pub name: &'static str,
    /// The text.
    pub text: String,
}

/// A setting, as fwlint.yaml has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Who says so: a phrase.
    pub by: String,
}

/// Something that a scan could not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What it is: `the tables of nft`.
    pub what: String,
    /// Why it was not seen, and with which right it would be: a phrase.
    pub why: String,
    /// Does it decide packets?
    pub decides: bool,
}

impl Said {
    /// A setting, and who says so.
    pub fn new(key: impl Into<String>, value: impl Into<Value>, by: impl Into<String>) -> Self {
        Said { key: key.into(), value: value.into(), by: by.into() }
    }
}

impl Picture {
    /// Takes down what a machine says.
    pub fn of(machine: &dyn Machine) -> Self {
        let name = machine.read(Path::new("/proc/sys/kernel/hostname")).map(machine::text);
        let host = name.map(|name| name.trim().to_owned()).ok().filter(|name| !name.is_empty());
        let mut picture =
            Picture { host: host.unwrap_or_else(|| "this host".to_owned()), ..Picture::default() };
        firewall::look(machine, &mut picture);
        network::look(machine, &mut picture);
        resolvers::look(machine, &mut picture);
        cloudflared::look(machine, &mut picture);
        picture
    }

    /// Does what is planned, and notes what comes of it.
    pub fn probe(&mut self, machine: &dyn Machine, network: &dyn Network, plan: &Plan) {
        let day = machine.run("date", &["-u", "+%Y-%m-%d"]).ok().filter(|ran| ran.succeeded);
        let day = day.map(|ran| machine::text(ran.stdout).trim().to_owned());
        let status = machine.read(Path::new("/proc/self/status")).map(machine::text).unwrap_or_default();
        // The second number is the effective one.
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.split_ascii_whitespace().nth(1)?.parse().ok()
        };
        let (uid, gid) = (number("Uid:"), number("Gid:"));
        if uid.is_none() || gid.is_none() {
            self.miss("the user who sent the probes", "/proc/self/status does not tell");
        }
        self.probed = Some(Probed { day, uid, gid, found: plan.run(network) });
    }

    /// The text of the `fwlint.yaml` that goes with its files. What the user's own says counts more than what was seen;
    /// `flags` count more than either.
    ///
    /// # Errors
    /// Mistakes in the user's own.
    pub fn configuration(
        &self,
        own: Option<&str>,
        flags: &[Said],
    ) -> Result<String, Vec<crate::tree::Mistake>> {
        configuration::write(self, own, flags)
    }

    /// What decides packets and was not seen.
    pub fn unseen_rules(&self) -> impl Iterator<Item = &Gap> {
        self.unseen.iter().filter(|gap| gap.decides)
    }

    /// Takes a setting in, unless something that counts more has said it.
    fn say(&mut self, said: Said) {
        if !self.said.iter().any(|known| known.key == said.key) {
            self.said.push(said);
        }
    }

    /// Notes that rules or sets were not seen.
    fn miss_rules(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.unseen.push(Gap { what: what.into(), why: why.into(), decides: true });
    }

    /// Notes that something else was not seen.
    fn miss(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.unseen.push(Gap { what: what.into(), why: why.into(), decides: false });
    }
}
