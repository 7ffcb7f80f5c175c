//! Exports of clouds against reference evaluators: for each provider its documented algorithm for one packet,
//! over the raw JSON, against what fwlint says of random packets in random exports.
//!
//! `FWLINT_CLOUD_EXPORTS` says how many exports of each provider are made (20), each with 100 packets.

mod aws;
mod azure;
mod commands;
mod dice;
mod gcp;

use std::net::IpAddr;
use std::path::Path;

use fwlint::dialects::{self, Dialect, Read};
use fwlint::eval::trace::{Answer, Entry, Probe, trace};
use fwlint::eval::{Host, Routes, Way};
use fwlint::packet::Family;
use fwlint::source::Sources;

use dice::Dice;

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
    fn export(dice: &mut Dice) -> serde_json::Value;
    fn units(export: &serde_json::Value) -> Vec<(String, Self::Unit)>;
    fn packet(dice: &mut Dice) -> Packet;
    /// Does a first packet get through, and would its answer?
    fn judge(export: &serde_json::Value, unit: &Self::Unit, packet: &Packet) -> (bool, bool);
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

/// Holds fwlint against a provider.
fn hold<P: Provider>() {
    let number = std::env::var("FWLINT_CLOUD_EXPORTS").ok().and_then(|number| number.parse().ok());
    let (mut packets, mut wrong, mut passed) = (0, Vec::new(), 0);
    for seed in 0..number.unwrap_or(20) {
        let mut dice = Dice::new(seed);
        let export = P::export(&mut dice);
        let text = serde_json::to_string_pretty(&export).expect("it is JSON");
        let mut sources = Sources::default();
        let file = sources.add("export.json", text.into_bytes());
        let Read::Units(read) = P::DIALECT.entry().read else { panic!("it has units") };
        let read = read(&[(file, &sources.file(file).text)]);
        assert!(read.remarks.is_empty(), "export {seed}: {:?}", read.remarks);
        let units = P::units(&export);
        assert_eq!(units.len(), read.units.len(), "export {seed} has other units");
        for _ in 0..100 {
            let packet = P::packet(&mut dice);
            let (name, unit) = dice.pick(&units);
            let named = read.units.iter().find(|named| named.name == *name);
            let named = named.unwrap_or_else(|| panic!("export {seed} has no unit `{name}`"));
            let family = if packet.source.is_ipv4() { Family::V4 } else { Family::V6 };
            if !named.ruleset.families.has(family) {
                continue;
            }
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
    println!("{}: {packets} packets compared, {passed} of them get through", P::DIALECT.name());
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
        uid: 0,
        gid: 0,
        mark: 0,
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

#[test]
fn real_exports_are_read_with_all_their_units() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/batfish");
    let mut files = Vec::new();
    crate::corpus::walk(&corpus, &mut files);
    if files.is_empty() {
        return eprintln!("skipped: there is no {}", corpus.display());
    }
    let mut count = 0;
    for path in files {
        let folder =
            path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let list = match name.strip_suffix(".json") {
            Some(list @ ("SecurityGroups" | "NetworkAcls")) => Some(list),
            Some(_) if folder == "azure_configs" => None,
            _ => continue,
        };
        let dialect = if list.is_some() { Dialect::Aws } else { Dialect::Azure };
        let mut sources = Sources::default();
        let file = sources.add(&path, std::fs::read(&path).expect("it can be read"));
        let text = &sources.file(file).text;
        assert_eq!(dialects::recognise(&path, text), Some(dialect), "{}", path.display());
        let Read::Units(read) = dialect.entry().read else { panic!("it has units") };
        let export = read(&[(file, text)]);
        assert!(export.remarks.is_empty(), "{}: {:?}", path.display(), export.remarks);
        let raw: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
        // Azure's files have one group each.
        let wanted = list.map_or(1, |list| raw[list].as_array().map_or(0, Vec::len));
        assert_eq!(export.units.len(), wanted, "{}", path.display());
        let rules = raw["properties"]["securityRules"].as_array().map_or(0, Vec::len);
        let read = export.units.iter().flat_map(|unit| &unit.ruleset.tables[0].chains);
        assert!(read.map(|chain| chain.rules.len()).sum::<usize>() >= rules, "{}", path.display());
        count += wanted;
    }
    println!("real exports: {count} units");
}
