//! Questions for names, and what is answered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, Question, RCODE, TYPE};

use super::network::{Network, number};
use crate::config::{Came, Record};
use crate::profile::Protocol;

/// What a resolver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Addresses, or hosts with their ports, in order; none if there is no such name, or nothing of that kind.
    pub values: Vec<String>,
    /// Did not all fit?
    pub is_truncated: bool,
}

/// Asks a resolver. The first value is from where the question left.
pub fn ask(
    network: &dyn Network,
    protocol: Protocol,
    to: SocketAddr,
    (record, name): (Record, &str),
) -> (Option<SocketAddr>, Result<Reply, Came>) {
    let id = number() as u16;
    let Some(question) = question(id, record, name) else { return (None, Err(Came::Untried)) };
    let talk = network.talk(protocol, None, to, &question);
    (talk.from, talk.came.and_then(|bytes| read(id, record, &bytes).ok_or(Came::Garbled)))
}

/// The bytes of a question; `None` if the name is none.
fn question(id: u16, record: Record, name: &str) -> Option<Vec<u8>> {
    let kind = match record {
        Record::A => TYPE::A,
        Record::Aaaa => TYPE::AAAA,
        Record::Srv => TYPE::SRV,
    };
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(Name::new(name).ok()?, QTYPE::TYPE(kind), CLASS::IN.into(), false));
    packet.build_bytes_vec().ok()
}

/// Reads an answer; `None` if it is none to this question, or if the resolver could not do its work.
fn read(id: u16, record: Record, bytes: &[u8]) -> Option<Reply> {
    let packet = Packet::parse(bytes).ok()?;
    let is_served = matches!(packet.rcode(), RCODE::NoError | RCODE::NameError);
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) || !is_served {
        return None;
    }
    let mut values: Vec<String> = Vec::new();
    for answer in &packet.answers {
        let value = match (&answer.rdata, record) {
            (RData::A(a), Record::A) => IpAddr::from(Ipv4Addr::from_bits(a.address)).to_string(),
            (RData::AAAA(aaaa), Record::Aaaa) => IpAddr::from(Ipv6Addr::from_bits(aaaa.address)).to_string(),
            (RData::SRV(srv), Record::Srv) => format!("{}:{}", host(&srv.target.to_string())?, srv.port),
            _ => continue,
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    // Resolvers turn the order round.
    values.sort_by_cached_key(|value| (value.parse::<IpAddr>().ok(), value.clone()));
    Some(Reply { values, is_truncated: packet.has_flags(PacketFlag::TRUNCATION) })
}

/// A name as it is looked up, if it is one of a host: whatever else it holds is not written down.
fn host(name: &str) -> Option<String> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (!name.is_empty() && name.bytes().all(is_plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, CNAME, SRV};

    use super::*;

    fn reply(id: u16, rcode: RCODE, answers: Vec<RData<'static>>) -> Vec<u8> {
        let mut packet = Packet::new_reply(id);
        *packet.rcode_mut() = rcode;
        let name = Name::new_unchecked("region1.v2.argotunnel.com");
        packet
            .answers
            .extend(answers.into_iter().map(|data| ResourceRecord::new(name.clone(), CLASS::IN, 60, data)));
        packet.build_bytes_vec_compressed().expect("a packet")
    }

    #[test]
    fn what_is_asked_for_is_read_and_all_else_left_out() {
        let address = |last: u8| RData::A(A { address: u32::from_be_bytes([198, 41, 192, last]) });
        let alias = RData::CNAME(CNAME(Name::new_unchecked("elsewhere.example")));
        let bytes = reply(7, RCODE::NoError, vec![alias, address(27), address(7), address(27)]);
        let values = vec!["198.41.192.7".to_owned(), "198.41.192.27".to_owned()];
        assert_eq!(read(7, Record::A, &bytes), Some(Reply { values, is_truncated: false }));
        let nothing = Some(Reply { values: Vec::new(), is_truncated: false });
        assert_eq!(read(7, Record::Aaaa, &bytes), nothing);
        assert_eq!(read(7, Record::A, &reply(7, RCODE::NameError, Vec::new())), nothing);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        assert_eq!(read(7, Record::A, &reply(8, RCODE::NoError, Vec::new())), None);
        assert_eq!(read(7, Record::A, &reply(7, RCODE::ServerFailure, Vec::new())), None);
        assert_eq!(read(7, Record::A, &question(7, Record::A, "example.org").expect("a question")), None);
        assert_eq!(read(7, Record::A, b"HTTP/1.1 400 Bad Request"), None);
    }

    #[test]
    fn a_host_that_is_none_is_not_written_down() {
        let srv = |target| RData::SRV(SRV { priority: 1, weight: 1, port: 7844, target });
        let good = reply(7, RCODE::NoError, vec![srv(Name::new_unchecked("Region1.v2.argotunnel.com"))]);
        let values = vec!["region1.v2.argotunnel.com:7844".to_owned()];
        assert_eq!(read(7, Record::Srv, &good), Some(Reply { values, is_truncated: false }));
        assert_eq!(host("a\u{1b}[31m.example"), None);
        assert_eq!(host("a b: c"), None);
    }
}
