//! The one door through which probes leave: messages are sent and awaited here, and nowhere else in the program.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::config::Came;
use crate::profile::Protocol;

/// A network that can be asked.
pub trait Network: Sync {
    /// Sends a message to a place and waits for an answer: from this address of the machine, or from the one that its
    /// routes choose. Over TCP a message has its length in front, as those of DNS
    /// have (RFC 1035, section 4.2.2); without any, it is enough that the connection is made.
    fn talk(&self, protocol: Protocol, from: Option<IpAddr>, to: SocketAddr, message: &[u8]) -> Talk;
}

/// What came of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// From where it left; `None` if nothing could be sent.
    pub from: Option<SocketAddr>,
    /// The answer, or why there is none.
    pub came: Result<Vec<u8>, Came>,
}

/// The network of the machine on which this program runs.
#[derive(Clone, Copy, Debug)]
pub struct Wire;

/// How long a connection of TCP may take: time for a lost packet to be sent again twice.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long each of the tries over UDP is waited for. One packet may get lost on any network.
pub(super) const TRIES: [Duration; 3] =
    [Duration::from_millis(700), Duration::from_millis(1300), Duration::from_secs(3)];

/// More than any answer is long.
const MOST: usize = 65_535;

impl Network for Wire {
    fn talk(&self, protocol: Protocol, from: Option<IpAddr>, to: SocketAddr, message: &[u8]) -> Talk {
        // To connect a socket of UDP sends nothing, and tells the way.
        let way = UdpSocket::bind((from.unwrap_or(unspecified(to)), 0)).and_then(|socket| {
            socket.connect(to)?;
            let from = socket.local_addr()?;
            Ok((socket, from))
        });
        let (socket, from) = match way {
            Ok(way) => way,
            Err(error) => return Talk { from: None, came: Err(unsent(&error)) },
        };
        match protocol {
            Protocol::Udp => Talk { from: Some(from), came: udp(&socket, message) },
            Protocol::Tcp => {
                let bound = Socket::new(Domain::for_address(to), Type::STREAM, None).and_then(|socket| {
                    socket.bind(&SocketAddr::new(from.ip(), 0).into())?;
                    let from = socket.local_addr()?.as_socket();
                    Ok((socket, from))
                });
                match bound {
                    Ok((socket, from)) => Talk { from, came: tcp(socket, to, message) },
                    Err(error) => Talk { from: None, came: Err(unsent(&error)) },
                }
            }
        }
    }
}

fn unspecified(to: SocketAddr) -> IpAddr {
    if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

fn udp(socket: &UdpSocket, message: &[u8]) -> Result<Vec<u8>, Came> {
    let mut answer = vec![0; MOST];
    for (number, patience) in TRIES.into_iter().enumerate() {
        socket.set_read_timeout(Some(patience)).map_err(|error| came(&error))?;
        socket.send(message).map_err(|error| match error.kind() {
            // Nobody else was asked yet.
            ErrorKind::PermissionDenied if number == 0 => Came::Forbidden,
            _ => came(&error),
        })?;
        match socket.recv(&mut answer) {
            Ok(length) => {
                answer.truncate(length);
                return Ok(answer);
            }
            Err(error) if came(&error) == Came::Silent => {}
            Err(error) => return Err(came(&error)),
        }
    }
    Err(Came::Silent)
}

fn tcp(socket: Socket, to: SocketAddr, message: &[u8]) -> Result<Vec<u8>, Came> {
    socket.connect_timeout(&to.into(), PATIENCE).map_err(|error| came(&error))?;
    let mut stream = TcpStream::from(socket);
    let Ok(length) = u16::try_from(message.len()) else { return Err(Came::Untried) };
    if length == 0 {
        return Ok(Vec::new());
    }
    let mut talk = || {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(&[&length.to_be_bytes(), message].concat())?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    talk().map_err(|error: io::Error| came(&error))
}

/// What an error tells before anything was sent.
fn unsent(error: &io::Error) -> Came {
    /// `EAFNOSUPPORT`: the machine does not speak the family.
    const NO_FAMILY: i32 = 97;
    match error.kind() {
        _ if error.raw_os_error() == Some(NO_FAMILY) => Came::Unreachable,
        // A route of the kind blackhole is an argument that is not valid.
        ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::AddrNotAvailable
        | ErrorKind::InvalidInput => Came::Unreachable,
        // A route of the kind prohibit, a security module or a program of eBPF: nobody else was asked.
        ErrorKind::PermissionDenied => Came::Forbidden,
        _ => Came::Untried,
    }
}

/// What an error tells once something was to be sent. Rules of this machine make some of the same: a rule that rejects TCP is
/// told apart from a refusal by another machine by what is known of the rules alone.
fn came(error: &io::Error) -> Came {
    /// `EPERM`: a rule of this machine took a packet of UDP away on the way out, whether it drops or rejects.
    const FORBIDDEN: i32 = 1;
    /// `EPROTO`, `ENOPROTOOPT`, `EOPNOTSUPP`: errors in ICMP that have no kind of their own.
    const REFUSED: [i32; 3] = [71, 92, 95];
    match error.kind() {
        _ if error.raw_os_error() == Some(FORBIDDEN) => Came::Forbidden,
        _ if error.raw_os_error().is_some_and(|number| REFUSED.contains(&number)) => Came::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted => Came::Silent,
        ErrorKind::UnexpectedEof | ErrorKind::InvalidData => Came::Garbled,
        // Nobody answers for it on its network, or an error in ICMP says that it is not there or forbidden.
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Came::Unreachable,
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::PermissionDenied => Came::Refused,
        _ => Came::Untried,
    }
}

/// A number that nobody can foresee who does not see the packets: good for ids, not for secrets.
pub(super) fn number() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_that_speak_of_the_way_mean_that_there_is_none() {
        let errors = [
            (101, Came::Unreachable), // ENETUNREACH
            (113, Came::Unreachable), // EHOSTUNREACH
            (99, Came::Unreachable),  // EADDRNOTAVAIL
            (97, Came::Unreachable),  // EAFNOSUPPORT
            (22, Came::Unreachable),  // EINVAL
            (1, Came::Forbidden),     // EPERM
            (13, Came::Forbidden),    // EACCES
            (24, Came::Untried),      // EMFILE
            (105, Came::Untried),     // ENOBUFS
        ];
        for (number, expected) in errors {
            assert_eq!(unsent(&io::Error::from_raw_os_error(number)), expected, "{number}");
        }
        let errors = [
            (1, Came::Forbidden),     // EPERM
            (13, Came::Refused),      // EACCES
            (92, Came::Refused),      // ENOPROTOOPT
            (111, Came::Refused),     // ECONNREFUSED
            (101, Came::Unreachable), // ENETUNREACH
            (113, Came::Unreachable), // EHOSTUNREACH
            (105, Came::Untried),     // ENOBUFS
        ];
        for (number, expected) in errors {
            assert_eq!(came(&io::Error::from_raw_os_error(number)), expected, "{number}");
        }
    }
}
