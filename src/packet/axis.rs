//! The properties of a packet that rules can look at.

/// One property of a packet. The order is the order of subtraction: what splits a set into the
/// most telling pieces comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// The address family: [`Family`] as a number.
    Family,
    /// The IP protocol number, 0 to 255.
    Protocol,
    /// The interface on which the packet came in: a name (see [`crate::packet::values::name`]);
    /// 0 when there is none.
    InInterface,
    /// The interface by which the packet leaves; 0 when there is none.
    OutInterface,
    /// The conntrack state: one of [`state`].
    State,
    /// The destination address: IPv6 as its 128 bits, IPv4 in the *upper* 32 bits with the lower
    /// 96 bits free, so that the universe of both is all of `u128` and prefixes stay prefixes.
    Destination,
    /// The source address, likewise.
    Source,
    /// The destination port; for ICMP and ICMPv6 `type << 8 | code`.
    DestinationPort,
    /// The source port.
    SourcePort,
    /// The TCP flags byte: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128.
    TcpFlags,
    /// The direction of its conntrack entry: one of [`direction`].
    Direction,
    /// What NAT did to its flow: bit 0 source, bit 1 destination translated.
    Nat,
    /// The packet's mark, 32 bits.
    Mark,
    /// The mark of its flow, 32 bits.
    ConnMark,
    /// The conntrack zones that a rule gave it before connection tracking: 0 for none, otherwise
    /// [`zone::GIVEN`] with the zone of the original direction in bits 16 to 31 and that of replies below.
    Zone,
    /// The user that owns its socket; [`NO_OWNER`] without a socket, [`KERNEL`] for a socket of the kernel.
    Uid,
    /// The group that owns its socket, likewise.
    Gid,
    /// What kind of address the source is: one of the kernel's `RTN_` numbers ([`kind`]).
    SourceKind,
    /// What kind of address the destination is, likewise.
    DestinationKind,
    /// The link-layer type of packet: one of [`packet_type`].
    PacketType,
    /// Time to live or hop limit, 0 to 255.
    HopLimit,
    /// The length of the IP packet in bytes, 0 to 65535 and above for jumbograms.
    Length,
    /// The differentiated services code point, 0 to 63.
    Dscp,
    /// The source MAC address, 48 bits.
    Mac,
    /// The bridge port on which it came in, a name; 0 when there is none.
    InPort,
    /// The bridge port by which it leaves, a name; 0 when there is none.
    OutPort,
    /// What rules have written into the packet so far: 0 for nothing, otherwise the bits of [`rewritten`], and above them
    /// the number of the unknown that asks what becomes of it, plus 1.
    Rewritten,
    /// The protocol that the packet had before a rule wrote another.
    FormerProtocol,
    /// The destination that the packet had before a rule wrote another, as on [`Axis::Destination`].
    FormerDestination,
    /// The source that the packet had, likewise.
    FormerSource,
    /// The destination port that the packet had, likewise.
    FormerDestinationPort,
    /// The source port that the packet had, likewise.
    FormerSourcePort,
    /// What kind of address the former source is.
    FormerSourceKind,
    /// What kind of address the former destination is.
    FormerDestinationKind,
    /// An answer that cannot be had from the file: 0 (no) or 1 (yes). The number is an index into
    /// the list of unknowns of the host.
    Atom(u32),
}

/// `Uid` or `Gid` of a packet without a socket.
pub const NO_OWNER: u128 = 1 << 32;

/// `Uid` or `Gid` of a packet that the kernel sends by a socket of its own, which nobody owns: echo
/// replies, ICMP errors, neighbour discovery.
pub const KERNEL: u128 = NO_OWNER + 1;

/// Conntrack zones.
pub mod zone {
    /// A rule has said which.
    pub const GIVEN: u128 = 1 << 32;
}

/// What rules have written into a packet, without a translation.
pub mod rewritten {
    /// Another protocol.
    pub const PROTOCOL: u128 = 1;
    /// Another destination address.
    pub const DESTINATION: u128 = 2;
    /// Another source address.
    pub const SOURCE: u128 = 4;
    /// Another destination port.
    pub const DESTINATION_PORT: u128 = 8;
    /// Another source port.
    pub const SOURCE_PORT: u128 = 16;
    /// Something that the file does not tell, or of which it is not known what the kernel makes.
    pub const UNSEEN: u128 = 32;
    /// How many bits there are.
    pub const BITS: u32 = 6;
}

/// Conntrack states.
pub mod state {
    /// No entry and none to be made.
    pub const INVALID: u128 = 0;
    /// The first packet of a flow, in one direction.
    pub const NEW: u128 = 1;
    /// Packets in both directions have been seen.
    pub const ESTABLISHED: u128 = 2;
    /// Begins a flow that another announced, or an ICMP error about one.
    pub const RELATED: u128 = 3;
    /// Taken out of connection tracking.
    pub const UNTRACKED: u128 = 4;
}

/// Directions of a conntrack entry.
pub mod direction {
    /// As the first packet.
    pub const ORIGINAL: u128 = 0;
    /// Against the first packet.
    pub const REPLY: u128 = 1;
    /// The packet has no conntrack entry.
    pub const NONE: u128 = 2;
}

/// Kinds of addresses, by the kernel's `RTN_` numbers.
pub mod kind {
    /// Not known to the routing table.
    pub const UNSPEC: u128 = 0;
    /// A remote machine.
    pub const UNICAST: u128 = 1;
    /// An address of the host.
    pub const LOCAL: u128 = 2;
    /// A broadcast address.
    pub const BROADCAST: u128 = 3;
    /// An anycast address.
    pub const ANYCAST: u128 = 4;
    /// A multicast group.
    pub const MULTICAST: u128 = 5;
    /// Routed to nowhere, silently.
    pub const BLACKHOLE: u128 = 6;
    /// Routed to nowhere, with an error.
    pub const UNREACHABLE: u128 = 7;
    /// Routed to a refusal.
    pub const PROHIBIT: u128 = 8;
}

/// Link-layer types of packets, by the kernel's `PACKET_` numbers.
pub mod packet_type {
    /// To this host.
    pub const HOST: u128 = 0;
    /// To all.
    pub const BROADCAST: u128 = 1;
    /// To a group.
    pub const MULTICAST: u128 = 2;
    /// To another host.
    pub const OTHERHOST: u128 = 3;
}

/// The two address families, by their IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// The family as a value of [`Axis::Family`].
    pub fn number(self) -> u128 {
        self as u128
    }
}

impl Axis {
    /// The largest value; the smallest is 0.
    pub fn max(self) -> u128 {
        match self {
            Axis::Family | Axis::Atom(_) => 1,
            Axis::Protocol | Axis::TcpFlags | Axis::HopLimit | Axis::FormerProtocol => 0xff,
            Axis::State => state::UNTRACKED,
            Axis::Direction => direction::NONE,
            Axis::Nat => 3,
            Axis::DestinationPort
            | Axis::SourcePort
            | Axis::FormerDestinationPort
            | Axis::FormerSourcePort => 0xffff,
            Axis::Mark | Axis::ConnMark | Axis::Length => 0xffff_ffff,
            Axis::Uid | Axis::Gid => KERNEL,
            Axis::Zone => (1 << 33) - 1,
            Axis::Rewritten => (1 << 40) - 1,
            Axis::SourceKind
            | Axis::DestinationKind
            | Axis::FormerSourceKind
            | Axis::FormerDestinationKind => 11,
            Axis::PacketType => 7,
            Axis::Dscp => 63,
            Axis::Mac => (1 << 48) - 1,
            Axis::Destination
            | Axis::Source
            | Axis::FormerDestination
            | Axis::FormerSource
            | Axis::InInterface
            | Axis::OutInterface
            | Axis::InPort
            | Axis::OutPort => u128::MAX,
        }
    }

    /// Does this axis say something that the file cannot tell, so that an answer that varies with
    /// it is "it depends"?
    pub fn is_unknown(self) -> bool {
        use Axis::*;
        matches!(self, HopLimit | Length | Dscp | Mac | InPort | OutPort | Atom(_))
    }
}
