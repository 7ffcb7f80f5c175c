//! The resolvers that the host asks, and those that its stub asks in turn.

use std::net::IpAddr;
use std::path::Path;

use super::machine::{Machine, text};
use super::{Picture, Said, Saved};

/// What programs on the host read.
const OWN: &str = "/etc/resolv.conf";
/// What the stub of systemd-resolved asks.
const UPSTREAM: &str = "/run/systemd/resolve/resolv.conf";

/// Takes down the resolvers.
pub(super) fn look(machine: &dyn Machine, picture: &mut Picture) {
    let own = match machine.read(Path::new(OWN)) {
        Ok(own) => text(own),
        Err(error) => return picture.miss("the resolvers", format!("{OWN}: {error}")),
    };
    let mut resolvers = named(&own);
    picture.others.push(Saved { name: "resolv.conf", text: own });
    if resolvers.is_empty() {
        // resolv.conf(5): without any it is the host itself.
        resolvers.push(IpAddr::from([127, 0, 0, 1]));
    }
    let list = |all: &[IpAddr]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    picture.say(Said::new("resolvers", list(&resolvers), OWN));
    if !resolvers.iter().all(IpAddr::is_loopback) {
        return;
    }
    if let Ok(upstream) = machine.read(Path::new(UPSTREAM)) {
        let upstream = text(upstream);
        let asked: Vec<IpAddr> =
            named(&upstream).into_iter().filter(|address| !address.is_loopback()).collect();
        if !asked.is_empty() {
            picture.say(Said::new("upstream-resolvers", list(&asked), UPSTREAM));
        }
        picture.others.push(Saved { name: "resolv.upstream.conf", text: upstream });
    }
}

/// The addresses of `nameserver` lines, each once.
fn named(text: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some("nameserver") {
            continue;
        }
        // fe80::1%eth0 names the interface, too.
        let address = words.next().and_then(|word| word.split('%').next()?.parse().ok());
        found.extend(address.filter(|address| !found.contains(address)));
    }
    found
}
