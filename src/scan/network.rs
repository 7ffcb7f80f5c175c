//! The interfaces of the host and their addresses, and which of them leads to the internet.

use std::io::ErrorKind;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use super::machine::{Machine, text};
use super::{Picture, Saved};
use crate::config::Interface;

/// What `ip -j addr` says of an interface.
#[derive(Deserialize)]
struct Link {
    ifname: String,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    local: IpAddr,
    prefixlen: u8,
    #[serde(default)]
    scope: String,
}

/// What `ip -j route` says of a route, or of one of the ways that it may take.
#[derive(Deserialize)]
struct Route {
    #[serde(default)]
    dev: Option<String>,
    #[serde(default)]
    metric: u32,
    #[serde(default)]
    nexthops: Vec<Route>,
}

/// Takes down the interfaces that have addresses or lead out, those first that lead out.
pub(super) fn look(machine: &dyn Machine, picture: &mut Picture) {
    const WHAT: &str = "the interfaces and their addresses";
    let mut asked = |name, arguments: &[&str]| match machine.run("ip", arguments) {
        Ok(ran) if ran.succeeded => {
            let text = text(ran.stdout);
            picture.others.push(Saved { name, text: text.clone() });
            Ok(text)
        }
        Ok(ran) => Err(ran.complaint()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err("ip is not installed".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let links = asked("addresses.json", &["-j", "addr"]);
    // A kernel without IPv6 has no routes of it.
    let routes = ["-4", "-6"].map(|family| {
        let name = if family == "-4" { "routes.json" } else { "routes-v6.json" };
        asked(name, &["-j", family, "route", "show", "default"]).unwrap_or_default()
    });
    let links: Vec<Link> = match links.and_then(|text| parse(&text)) {
        Ok(links) => links,
        Err(why) => return picture.miss(WHAT, why),
    };
    let mut interfaces: Vec<Interface> = Vec::new();
    for text in &routes {
        let mut routes: Vec<Route> = parse(text).unwrap_or_default();
        routes.sort_by_key(|route| route.metric);
        let ways = routes.into_iter().flat_map(|route| {
            std::iter::once(route.dev).chain(route.nexthops.into_iter().map(|way| way.dev))
        });
        for name in ways.flatten() {
            if !interfaces.iter().any(|known| known.name == name) {
                interfaces.push(Interface { name, addresses: Vec::new() });
            }
        }
    }
    for link in links.into_iter().filter(|link| link.ifname != "lo") {
        let addresses: Vec<IpNet> = link.addr_info.iter().filter_map(Address::net).collect();
        match interfaces.iter_mut().find(|known| known.name == link.ifname) {
            Some(known) => known.addresses = addresses,
            None if addresses.is_empty() => {}
            None => interfaces.push(Interface { name: link.ifname, addresses }),
        }
    }
    picture.interfaces = interfaces;
}

impl Address {
    /// It with its network, unless it is good on its own link alone.
    fn net(&self) -> Option<IpNet> {
        (self.scope != "link").then(|| IpNet::new(self.local, self.prefixlen).ok()).flatten()
    }
}

/// A list in JSON; nothing at all is none.
fn parse<T: for<'text> Deserialize<'text>>(text: &str) -> Result<Vec<T>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(text).map_err(|_| "ip prints them in no form that fwlint knows".to_owned())
}
