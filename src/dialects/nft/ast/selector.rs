//! What rules can look at: the keys of nft's expressions, each with its type.

use super::datatype::Datatype;

/// One property of a packet, its flow, its socket or its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    /// The header or module: the first word.
    pub group: Group,
    /// The words behind it: `dport`, `ip saddr`.
    pub name: &'static str,
    /// The type of its values.
    pub datatype: Datatype,
    /// How many bits it has.
    pub bits: u32,
}

macro_rules! groups {
    ($($variant:ident, $name:literal, [$($key:literal $datatype:ident $bits:literal),* $(,)?];)*) => {
        /// Headers and modules that have keys.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Group {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Group {
            /// All of them.
            pub const ALL: &'static [Group] = &[$(Group::$variant,)*];

            /// Its keyword.
            pub fn name(self) -> &'static str {
                match self { $(Group::$variant => $name,)* }
            }

            /// Its keys.
            pub fn selectors(self) -> &'static [Selector] {
                match self {
                    $(Group::$variant => &[$(Selector {
                        group: Group::$variant,
                        name: $key,
                        datatype: Datatype::$datatype,
                        bits: $bits,
                    },)*],)*
                }
            }
        }
    };
}

groups! {
    Meta, "meta", [
        "length" Integer 32, "nfproto" NfProto 8, "l4proto" InetProto 8, "protocol" EtherType 16,
        "priority" Classid 32, "mark" Mark 32, "iif" IfaceIndex 32, "iifname" Ifname 128,
        "iiftype" IfaceType 16, "oif" IfaceIndex 32, "oifname" Ifname 128, "oiftype" IfaceType 16,
        "skuid" Uid 32, "skgid" Gid 32, "nftrace" Integer 1, "rtclassid" Realm 32, "secmark" Integer 32,
        "ibrname" Ifname 128, "obrname" Ifname 128, "pkttype" PktType 8, "cpu" Integer 32,
        "iifgroup" Devgroup 32, "oifgroup" Devgroup 32, "cgroup" Integer 32, "random" Integer 32,
        "ipsec" Boolean 8, "iifkind" Ifname 128, "oifkind" Ifname 128, "ibrpvid" Integer 16,
        "ibrvproto" EtherType 16, "ibrhwaddr" EtherAddr 48, "time" Time 64, "hour" Hour 32, "day" Day 8,
        "sdif" IfaceIndex 32, "sdifname" Ifname 128, "broute" Integer 1,
    ];
    Ct, "ct", [
        "state" CtState 32, "direction" CtDir 8, "status" CtStatus 32, "mark" Mark 32,
        "expiration" Time 32, "helper" String 128, "label" CtLabel 128, "event" CtEvent 32, "id" CtId 32,
        "secmark" Integer 32, "count" Integer 32, "l3proto" NfProto 8, "protocol" InetProto 8,
        "bytes" Integer 64, "packets" Integer 64, "avgpkt" Integer 64, "zone" Integer 16,
        "proto-src" InetService 16, "proto-dst" InetService 16, "saddr" Ipv4Addr 32, "daddr" Ipv4Addr 32,
        "ip saddr" Ipv4Addr 32, "ip daddr" Ipv4Addr 32, "ip6 saddr" Ipv6Addr 128,
        "ip6 daddr" Ipv6Addr 128,
    ];
    Route, "rt", [
        "classid" Realm 32, "nexthop" Ipv4Addr 32, "ip nexthop" Ipv4Addr 32, "ip6 nexthop" Ipv6Addr 128,
        "mtu" Integer 16, "ipsec" Boolean 8,
    ];
    Socket, "socket", ["transparent" Integer 8, "mark" Mark 32, "wildcard" Integer 8];
    Fib, "fib", ["oif" IfaceIndex 32, "oifname" Ifname 128, "type" FibAddrtype 32];
    Ether, "ether", ["saddr" EtherAddr 48, "daddr" EtherAddr 48, "type" EtherType 16];
    Vlan, "vlan", [
        "id" Integer 12, "dei" Integer 1, "cfi" Integer 1, "pcp" Integer 3, "type" EtherType 16,
    ];
    Arp, "arp", [
        "htype" Integer 16, "ptype" EtherType 16, "hlen" Integer 8, "plen" Integer 8, "operation" ArpOp 16,
        "saddr ip" Ipv4Addr 32, "daddr ip" Ipv4Addr 32, "saddr ether" EtherAddr 48,
        "daddr ether" EtherAddr 48,
    ];
    Ip, "ip", [
        "version" Integer 4, "hdrlength" Integer 4, "dscp" Dscp 6, "ecn" Ecn 2, "length" Integer 16,
        "id" Integer 16, "frag-off" Integer 16, "ttl" Integer 8, "protocol" InetProto 8,
        "checksum" Integer 16, "saddr" Ipv4Addr 32, "daddr" Ipv4Addr 32,
    ];
    Ip6, "ip6", [
        "version" Integer 4, "dscp" Dscp 6, "ecn" Ecn 2, "flowlabel" Integer 20, "length" Integer 16,
        "nexthdr" InetProto 8, "hoplimit" Integer 8, "saddr" Ipv6Addr 128, "daddr" Ipv6Addr 128,
    ];
    Icmp, "icmp", [
        "type" IcmpType 8, "code" IcmpCode 8, "checksum" Integer 16, "id" Integer 16,
        "sequence" Integer 16, "gateway" Integer 32, "mtu" Integer 16,
    ];
    Igmp, "igmp", ["type" IgmpType 8, "mrt" Integer 8, "checksum" Integer 16, "group" Ipv4Addr 32];
    Icmpv6, "icmpv6", [
        "type" Icmpv6Type 8, "code" Icmpv6Code 8, "checksum" Integer 16, "parameter-problem" Integer 32,
        "packet-too-big" Integer 32, "mtu" Integer 32, "id" Integer 16, "sequence" Integer 16,
        "max-delay" Integer 16, "taddr" Ipv6Addr 128, "daddr" Ipv6Addr 128,
    ];
    Tcp, "tcp", [
        "sport" InetService 16, "dport" InetService 16, "sequence" Integer 32, "ackseq" Integer 32,
        "doff" Integer 4, "reserved" Integer 4, "flags" TcpFlag 8, "window" Integer 16,
        "checksum" Integer 16, "urgptr" Integer 16,
    ];
    Udp, "udp", ["sport" InetService 16, "dport" InetService 16, "length" Integer 16, "checksum" Integer 16];
    Udplite, "udplite", [
        "sport" InetService 16, "dport" InetService 16, "checksum" Integer 16, "csumcov" Integer 16,
    ];
    Sctp, "sctp", ["sport" InetService 16, "dport" InetService 16, "vtag" Integer 32, "checksum" Integer 32];
    Dccp, "dccp", ["sport" InetService 16, "dport" InetService 16, "type" DccpPkttype 4];
    Th, "th", ["sport" InetService 16, "dport" InetService 16];
    Ah, "ah", [
        "nexthdr" InetProto 8, "hdrlength" Integer 8, "reserved" Integer 16, "spi" Integer 32,
        "sequence" Integer 32,
    ];
    Esp, "esp", ["spi" Integer 32, "sequence" Integer 32];
    Comp, "comp", ["nexthdr" InetProto 8, "flags" Bitmask 8, "cpi" Integer 16];
    HopByHop, "hbh", ["nexthdr" InetProto 8, "hdrlength" Integer 8];
    Fragment, "frag", [
        "nexthdr" InetProto 8, "reserved" Integer 8, "frag-off" Integer 13, "reserved2" Integer 2,
        "more-fragments" Integer 1, "id" Integer 32,
    ];
    RoutingHeader, "rt", [
        "nexthdr" InetProto 8, "hdrlength" Integer 8, "type" Integer 8, "seg-left" Integer 8,
    ];
    RoutingHeader0, "rt0", ["addr" Ipv6Addr 128];
    RoutingHeader2, "rt2", ["addr" Ipv6Addr 128];
    SegmentRouting, "srh", ["flags" Integer 8, "tag" Integer 16, "sid" Ipv6Addr 128, "last-entry" Integer 8];
    DestinationOptions, "dst", ["nexthdr" InetProto 8, "hdrlength" Integer 8];
    Mobility, "mh", [
        "nexthdr" InetProto 8, "hdrlength" Integer 8, "type" MhType 8, "reserved" Integer 8,
        "checksum" Integer 16,
    ];
    Gre, "gre", ["hdrlength" Integer 8, "flags" Integer 5, "version" Integer 3, "protocol" EtherType 16];
}

impl Group {
    /// The keys of it by name: `find("dport")`.
    pub fn find(self, name: &str) -> Option<&'static Selector> {
        self.selectors().iter().find(|selector| selector.name == name)
    }

    /// All groups of a keyword: `rt` is the routing table's word and an extension header's.
    pub fn of_name(name: &str) -> impl Iterator<Item = Group> {
        Group::ALL.iter().copied().filter(move |group| group.name() == name)
    }
}

impl Selector {
    /// The selector of two words, such as `tcp` and `dport`.
    pub fn find(group: &str, name: &str) -> Option<&'static Selector> {
        Group::of_name(group).find_map(|group| group.find(name))
    }

    /// The `meta` key that may stand without `meta` in front: `iifname`, `mark`.
    pub fn unqualified(name: &str) -> Option<&'static Selector> {
        const ALONE: [&str; 21] = [
            "mark",
            "iif",
            "iifname",
            "iiftype",
            "oif",
            "oifname",
            "oiftype",
            "skuid",
            "skgid",
            "nftrace",
            "rtclassid",
            "ibrname",
            "obrname",
            "pkttype",
            "cpu",
            "iifgroup",
            "oifgroup",
            "cgroup",
            "iifkind",
            "oifkind",
            "secmark",
        ];
        Group::Meta.find(name).filter(|_| ALONE.contains(&name))
    }
}
