//! What is tried when a scan is told to: whether what the tunnel needs answers, from this very machine.
//!
//! It sends less than cloudflared sends, to the same places: questions for the names of the edge and the services,
//! connections of TCP that carry nothing, and a packet of QUIC that asks for the versions that are spoken. All go through
//! one narrow door ([`Network`]), which tests replace. What came of it is written down beside the rules; whether the rules
//! or the network is to blame, lints say, which hold the two against each other.

mod dns;
mod network;
mod plan;
mod quic;

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::config::{Answer, Came, Record, Tried};
use crate::profile::{Protocol, Region};

pub use network::{Network, Talk, Wire};
pub use plan::Plan;

/// How many probes are under way at once.
const AT_ONCE: usize = 64;

/// A resolver that is asked, and what the probe of it is called.
type Resolver = (&'static str, IpAddr);

/// All that came of probes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What resolvers answered.
    pub answers: Vec<Answer>,
    /// What was tried, and what came of it.
    pub tried: Vec<Tried>,
}

impl Plan {
    /// Does all that is planned.
    pub fn run(&self, network: &dyn Network) -> Found {
        let mut found = Found::default();
        let serving = self.ask_for_the_edge(network, &mut found);
        self.ask_for_addresses(network, &serving, &mut found);
        self.dial(network, &mut found);
        found
    }

    /// Asks each resolver for the SRV record of the edge. Gives back those that answer.
    fn ask_for_the_edge(&self, network: &dyn Network, found: &mut Found) -> Vec<IpAddr> {
        let own = self.resolvers.iter().map(|address| ("dns", *address));
        let resolvers: Vec<Resolver> =
            own.chain(self.upstream_resolvers.iter().map(|address| ("upstream-dns", *address))).collect();
        let asked =
            resolvers.iter().flat_map(|each| self.dns.protocols.iter().map(move |over| (*each, *over)));
        let asked: Vec<(Resolver, Protocol)> = asked.collect();
        let srv = (Record::Srv, self.endpoint.srv.as_str());
        let told = side_by_side(&asked, |((what, resolver), protocol)| {
            let to = SocketAddr::new(*resolver, self.dns.port);
            let (from, result) = dns::ask(network, *protocol, to, srv);
            let came = result.as_ref().err().copied().unwrap_or(Came::Answered);
            let tried = Tried { what: (*what).to_owned(), protocol: *protocol, from, to, came };
            (tried, result.ok().filter(|reply| !reply.is_truncated))
        });
        let mut serving = Vec::new();
        for (tried, reply) in told {
            let is_own = tried.what == "dns";
            if is_own && tried.came == Came::Answered && !serving.contains(&tried.to.ip()) {
                serving.push(tried.to.ip());
            }
            if let Some(reply) = reply.filter(|_| is_own && found.answers.is_empty()) {
                found.answers.push(Answer { record: srv.0, name: srv.1.to_owned(), values: reply.values });
            }
            found.tried.push(tried);
        }
        serving
    }

    /// Asks for the addresses of the edge and of the services, whichever resolver has them.
    fn ask_for_addresses(&self, network: &dyn Network, serving: &[IpAddr], found: &mut Found) {
        let regions = self.endpoint.regions.iter().map(|region| &region.host);
        let hosts = regions.chain(self.services.iter().map(|service| &service.host)).cloned();
        let records = |host: String| self.records().map(move |record| (record, host.clone()));
        let questions: Vec<(Record, String)> = hosts.flat_map(records).collect();
        let answers = side_by_side(&questions, |(record, host)| {
            let ask = |resolver: &IpAddr| {
                let to = SocketAddr::new(*resolver, self.dns.port);
                let over = |protocol| dns::ask(network, protocol, to, (*record, host)).1.ok();
                over(Protocol::Udp).filter(|reply| !reply.is_truncated).or_else(|| over(Protocol::Tcp))
            };
            let reply = serving.iter().find_map(ask)?;
            Some(Answer { record: *record, name: host.clone(), values: reply.values })
        });
        found.answers.extend(answers.into_iter().flatten());
    }

    /// Dials the edge and the services.
    fn dial(&self, network: &dyn Network, found: &mut Found) {
        let mut calls: Vec<(String, Protocol, SocketAddr)> = Vec::new();
        for address in self.edge(found) {
            let to = SocketAddr::new(address, self.port);
            calls.extend(self.transports.iter().map(|each| (each.name.clone(), each.protocol, to)));
        }
        let fallback = &self.dns.fallback;
        let to = SocketAddr::new(fallback.address, fallback.port);
        calls.push(("dns-over-tls".to_owned(), fallback.protocol, to));
        for service in &self.services {
            let firsts =
                self.records().filter_map(|record| found.answer(record, &service.host)?.public().next());
            let to =
                firsts.map(|address| (service.name.clone(), Protocol::Tcp, SocketAddr::new(address, HTTPS)));
            calls.extend(to);
        }
        found.tried.extend(side_by_side(&calls, |(what, protocol, to)| {
            // Nothing but the edge is dialled from there.
            let bound = self.bound.filter(|bound| to.port() == self.port && bound.is_ipv4() == to.is_ipv4());
            let (from, came) = match protocol {
                Protocol::Udp => quic::ask(network, bound, *to),
                Protocol::Tcp => {
                    let talk = network.talk(Protocol::Tcp, bound, *to, &[]);
                    (talk.from, talk.came.err().unwrap_or(Came::Answered))
                }
            };
            Tried { what: what.clone(), protocol: *protocol, from, to: *to, came }
        }));
    }

    /// The addresses that are dialled of the edge. Names choose among public addresses of its own hosts, and nothing
    /// else: a resolver could make this machine send anything anywhere otherwise. Where none answered, or in vain, those
    /// of the profile are dialled.
    fn edge(&self, found: &Found) -> Vec<IpAddr> {
        let of_profile = |region: &Region, record: Record| -> Vec<IpAddr> {
            match record {
                Record::Aaaa => region.v6.iter().map(|it| IpAddr::from(*it)).collect(),
                _ => region.v4.iter().map(|it| IpAddr::from(*it)).collect(),
            }
        };
        let addresses = |(region, record): (&Region, Record)| match found.answer(record, &region.host) {
            Some(told) if !told.values.is_empty() => told.public().take(Answer::MOST).collect(),
            _ => of_profile(region, record),
        };
        let regions = self.endpoint.regions.iter();
        regions
            .flat_map(|region| self.records().map(move |record| (region, record)))
            .flat_map(addresses)
            .collect()
    }
}

/// The port of services.
const HTTPS: u16 = 443;

impl Found {
    /// The addresses of a host, as a resolver told.
    fn answer(&self, record: Record, host: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.record == record && answer.name == host)
    }
}

/// Does the same to many things, several at once, and gives back what comes of them in their order.
fn side_by_side<T: Sync, R: Send>(things: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(things.len()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { break };
            let result = act(thing);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..AT_ONCE.min(things.len()) {
            // A system that allows no more threads is no reason to stop: those that there are do it all.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
