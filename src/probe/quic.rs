//! A packet of QUIC that asks nobody to do anything: it is of a version that does not exist, and who speaks QUIC answers
//! with the versions that do (RFC 9000, sections 6 and 17.2.1). No handshake is begun.

use std::net::{IpAddr, SocketAddr};

use super::network::{Network, number};
use crate::config::Came;
use crate::profile::Protocol;

/// Less than this a server must not answer (RFC 9000, section 14.1).
pub(super) const LEAST: usize = 1200;

/// A version that is kept for exercising version negotiation (RFC 9000, section 15).
const RESERVED: u32 = 0x1a2a_3a4a;

/// A connection id.
type Id = [u8; 8];

/// Asks for the versions, from this address if one is named. The first value is from where the packet left.
pub fn ask(network: &dyn Network, from: Option<IpAddr>, to: SocketAddr) -> (Option<SocketAddr>, Came) {
    let (theirs, ours) = (number().to_be_bytes(), number().to_be_bytes());
    let talk = network.talk(Protocol::Udp, from, to, &packet(theirs, ours));
    let came = match talk.came {
        Ok(bytes) if is_negotiation(&bytes, theirs, ours) => Came::Answered,
        Ok(_) => Came::Garbled,
        Err(came) => came,
    };
    (talk.from, came)
}

/// A packet with a long header, its destination and its source.
fn packet(destination: Id, source: Id) -> Vec<u8> {
    // A long header, and the bit that is fixed.
    let mut packet = vec![0b1100_0000];
    packet.extend(RESERVED.to_be_bytes());
    for id in [destination, source] {
        packet.push(id.len() as u8);
        packet.extend(id);
    }
    packet.resize(LEAST, 0);
    packet
}

/// Is it an answer to that packet: version 0, the ids the other way round, and a list of versions?
fn is_negotiation(bytes: &[u8], destination: Id, source: Id) -> bool {
    let Some((first, rest)) = bytes.split_first() else { return false };
    let mut head = vec![0; 4];
    for id in [source, destination] {
        head.push(id.len() as u8);
        head.extend(id);
    }
    let versions = rest.strip_prefix(head.as_slice());
    first & 0b1000_0000 != 0 && versions.is_some_and(|list| !list.is_empty() && list.len() % 4 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEIRS: Id = [1, 2, 3, 4, 5, 6, 7, 8];
    const OURS: Id = [9, 8, 7, 6, 5, 4, 3, 2];

    /// What a server answers that speaks version 1.
    fn answer(destination: Id, source: Id) -> Vec<u8> {
        let ids = [&[8], &destination[..], &[8], &source[..]].concat();
        [&[0x80, 0, 0, 0, 0], ids.as_slice(), &[0, 0, 0, 1]].concat()
    }

    #[test]
    fn the_packet_is_long_enough_to_be_answered_and_of_no_version() {
        let packet = packet(THEIRS, OURS);
        assert_eq!((packet.len(), packet[0], &packet[1..5]), (1200, 0xc0, &[0x1a, 0x2a, 0x3a, 0x4a][..]));
        assert_eq!(
            (&packet[5..14], &packet[14..23]),
            (&[8, 1, 2, 3, 4, 5, 6, 7, 8][..], &[8, 9, 8, 7, 6, 5, 4, 3, 2][..])
        );
    }

    #[test]
    fn an_answer_has_the_ids_the_other_way_round() {
        assert!(is_negotiation(&answer(OURS, THEIRS), THEIRS, OURS));
        for wrong in [
            answer(THEIRS, OURS),
            answer(OURS, THEIRS)[..21].to_vec(),
            answer(OURS, THEIRS)[..24].to_vec(),
            packet(OURS, THEIRS),
            b"NOT QUIC".to_vec(),
            Vec::new(),
        ] {
            assert!(!is_negotiation(&wrong, THEIRS, OURS), "{wrong:?}");
        }
    }
}
