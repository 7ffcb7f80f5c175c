//! Exports of clouds against reference evaluators: for each provider its documented algorithm for one packet,
//! over the raw JSON, against what fwlint says of random packets in random exports.
//!
//! `FWLINT_CLOUD_EXPORTS` says how many exports of each provider are made (20), each with 100 packets, and
//! `FWLINT_CLOUD_SEED` the number of the first (0).

mod acls;
mod aws;
mod azure;
mod azure_firewall;
mod commands;
mod dice;
mod exports;
mod firewalls;
mod gcp;
mod network_firewall;
mod real;

use std::net::IpAddr;

use serde_json::Value;

use fwlint::dialects::{Dialect, Export, read_exports};
use fwlint::eval::trace::{Answer, Entry, Probe, trace};
use fwlint::eval::{Host, Routes, Socket, Way};
use fwlint::packet::Family;
use fwlint::source::{FileId, Sources};

use dice::{Dice, PORTS};

/// A packet that begins a flow.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    pub is_in: bool,
    pub protocol: u8,
    pub source: IpAddr,
    pub destination: IpAddr,
    pub source_port: u16,
    /// For ICMP `type << 8 | code`.
    pub destination_port: u16,
}

impl Packet {
    /// A packet of TCP or UDP, or of one of other protocols, those of IPv4 first.
    fn random(dice: &mut Dice, others: [&[u8]; 2]) -> Self {
        let is_v6 = dice.once_in(4);
        let others = others[usize::from(is_v6)];
        let protocol = *dice.pick(&[&[6, 6, 17, 17], others].concat());
        Packet {
            is_in: dice.once_in(2),
            protocol,
            source: dice.address(is_v6),
            destination: dice.address(is_v6),
            source_port: if matches!(protocol, 6 | 17) { 40_000 } else { 0 },
            destination_port: match protocol {
                1 => 8 << 8,
                58 => 128 << 8,
                6 | 17 => *dice.pick(&PORTS),
                _ => 0,
            },
        }
    }

    /// Is it a query to what may be the resolver of AWS? That is at the third address of the network, which no export tells.
    fn may_ask_resolver(&self) -> bool {
        let is_third = matches!(self.destination, IpAddr::V4(it) if it.octets()[3] % 16 == 2);
        !self.is_in && self.destination_port == 53 && is_third
    }

    /// Its answer.
    fn answer(&self) -> Self {
        Packet {
            is_in: !self.is_in,
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: match self.protocol {
                1 => 0,
                58 => 129 << 8,
                _ => self.source_port,
            },
            ..*self
        }
    }
}

/// The items of a list; none if it is not there.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list; none if it is not there.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    list(value).iter().filter_map(Value::as_str)
}

/// What becomes of it: does it get through, and if so, does its answer?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Lost,
    /// With the fate of the answer, where one was due.
    Passed(Option<bool>),
}

/// A provider: an export, the unit that is asked about, and what its documentation says of a packet there.
pub trait Provider {
    const DIALECT: Dialect;
    type Unit;
    fn export(dice: &mut Dice) -> Value;
    fn units(export: &Value) -> Vec<(String, Self::Unit)>;
    fn packet(dice: &mut Dice) -> Packet;
    /// Does the export tell what becomes of a packet, whatever is said in its flow?
    fn is_asked(_export: &Value, _packet: &Packet) -> bool {
        true
    }
    /// Does a first packet get through, and would its answer?
    fn judge(export: &Value, unit: &Self::Unit, packet: &Packet) -> (bool, bool);
}

#[test]
fn google_cloud_is_as_documented() {
    hold::<gcp::Gcp>();
}

#[test]
fn aws_is_as_documented() {
    hold::<aws::Aws>();
}

#[test]
fn azure_is_as_documented() {
    hold::<azure::Azure>();
}

#[test]
fn network_firewall_is_as_documented() {
    hold::<network_firewall::NetworkFirewall>();
}

#[test]
fn azure_firewall_is_as_documented() {
    hold::<azure_firewall::AzureFirewall>();
}

/// What mends random exports is no mistake of a lint, which would be seen to fail.
#[test]
fn random_exports_are_checked_to_the_end() {
    fn check<P: Provider>() {
        for seed in 0..8 {
            let folder = tempfile::tempdir().expect("a folder");
            let text = P::export(&mut Dice::new(seed)).to_string();
            std::fs::write(folder.path().join("export.json"), text).expect("it can be written");
            let words = ["check", "export.json", "--exit-zero"].map(str::to_owned);
            let done = crate::cli::run(folder.path(), &words, b"");
            assert_eq!(
                (done.status, &*done.stderr),
                (0, ""),
                "export {seed} of {}",
                std::any::type_name::<P>()
            );
        }
    }
    check::<gcp::Gcp>();
    check::<aws::Aws>();
    check::<azure::Azure>();
    check::<network_firewall::NetworkFirewall>();
    check::<azure_firewall::AzureFirewall>();
}

/// Reads an export of one cloud alone.
fn read_one(dialect: Dialect, file: FileId, text: &str) -> Export {
    let mut all = read_exports(&[(dialect, file, text)]);
    assert_eq!(all.iter().map(|it| it.dialect).collect::<Vec<_>>(), [dialect], "it is of one cloud alone");
    all.remove(0).export
}

/// Holds fwlint against a provider.
fn hold<P: Provider>() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (first, number) =
        (setting("FWLINT_CLOUD_SEED").unwrap_or(0), setting("FWLINT_CLOUD_EXPORTS").unwrap_or(20));
    let (mut packets, mut wrong, mut passed) = (0, Vec::new(), 0);
    for seed in first..first + number {
        let mut dice = Dice::new(seed);
        let export = P::export(&mut dice);
        let text = serde_json::to_string_pretty(&export).expect("it is JSON");
        let mut sources = Sources::default();
        let file = sources.add("export.json", text.into_bytes());
        let read = read_one(P::DIALECT, file, &sources.file(file).text);
        assert!(read.remarks.is_empty(), "export {seed}: {:?}", read.remarks);
        let units = P::units(&export);
        assert_eq!(units.len(), read.units.len(), "export {seed} has other units");
        let mut compared = 0;
        for _ in 0..400 {
            let packet = P::packet(&mut dice);
            let (name, unit) = dice.pick(&units);
            let named = read.units.iter().find(|named| named.name == *name);
            let named = named.unwrap_or_else(|| panic!("export {seed} has no unit `{name}`"));
            let family = if packet.source.is_ipv4() { Family::V4 } else { Family::V6 };
            // Of what an export does not speak, or leaves open, it tells nothing.
            if compared == 100 || !named.ruleset.families.has(family) || !P::is_asked(&export, &packet) {
                continue;
            }
            compared += 1;
            let ours = follow(&Host::new(&named.ruleset), &packet);
            let (passes, is_answered) = P::judge(&export, unit, &packet);
            let theirs = match ours {
                Fate::Passed(Some(_)) if passes => Fate::Passed(Some(is_answered)),
                Fate::Passed(None) if passes => Fate::Passed(None),
                _ if passes => Fate::Passed(Some(is_answered)),
                _ => Fate::Lost,
            };
            packets += 1;
            passed += usize::from(passes);
            if ours != theirs {
                wrong.push(format!("export {seed}, {name}: {packet:?}: {ours:?} instead of {theirs:?}"));
            }
        }
    }
    println!(
        "{}: {packets} packets compared, {passed} of them get through",
        std::any::type_name::<P>().rsplit("::").next().unwrap_or_default()
    );
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
    assert!(passed > packets / 20 && passed < packets - packets / 20, "the packets say little");
}

/// What fwlint says of a packet.
fn follow(host: &Host, packet: &Packet) -> Fate {
    let probe = Probe {
        way: if packet.is_in { Way::In } else { Way::Out },
        protocol: packet.protocol,
        source: packet.source,
        destination: packet.destination,
        source_port: packet.source_port,
        destination_port: packet.destination_port,
        flags: 2,
        uid: Some(0),
        gid: Some(0),
        mark: 0,
        socket: Socket::Untold,
        interface: Some("eth0".to_owned()),
    };
    let trace = trace(host, &Routes::default(), &probe).expect("it is not tangled");
    match if packet.is_in { trace.ingress } else { trace.egress } {
        Some(Entry::Accepted) => Fate::Passed(trace.reply.map(|reply| match reply {
            Answer::Delivered => true,
            Answer::Blocked => false,
            Answer::Depends => panic!("nothing is unknown"),
        })),
        Some(Entry::Dropped) => Fate::Lost,
        other => panic!("{other:?} for {packet:?}"),
    }
}
