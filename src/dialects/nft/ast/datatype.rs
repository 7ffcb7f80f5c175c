//! The types of values, by nft's own names.

macro_rules! datatypes {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $bits:literal;)*) => {
        /// A type of values: what words mean, and how many bits there are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Datatype { $($(#[$doc])* $variant,)* }

        impl Datatype {
            /// All of them.
            pub const ALL: &'static [Datatype] = &[$(Datatype::$variant,)*];

            /// Its name, as in `type ipv4_addr`.
            pub fn name(self) -> &'static str {
                match self { $(Datatype::$variant => $name,)* }
            }

            /// How many bits its values have; 0 where each expression has its own.
            pub fn bits(self) -> u32 {
                match self { $(Datatype::$variant => $bits,)* }
            }
        }
    };
}

datatypes! {
    /// A number.
    Integer, "integer", 0;
    /// Bits.
    Bitmask, "bitmask", 0;
    /// A text.
    String, "string", 128;
    /// Is it so, or is it there?
    Boolean, "boolean", 8;
    /// A family of protocols.
    NfProto, "nf_proto", 8;
    /// An IPv4 address.
    Ipv4Addr, "ipv4_addr", 32;
    /// An IPv6 address.
    Ipv6Addr, "ipv6_addr", 128;
    /// A MAC address.
    EtherAddr, "ether_addr", 48;
    /// A link-layer address of any length.
    LlAddr, "ll_addr", 0;
    /// What an Ethernet frame carries.
    EtherType, "ether_type", 16;
    /// What an ARP packet wants.
    ArpOp, "arp_op", 16;
    /// What an IP packet carries.
    InetProto, "inet_proto", 8;
    /// A port.
    InetService, "inet_service", 16;
    /// An ICMP type.
    IcmpType, "icmp_type", 8;
    /// An ICMP code.
    IcmpCode, "icmp_code", 8;
    /// An ICMPv6 type.
    Icmpv6Type, "icmpv6_type", 8;
    /// An ICMPv6 code.
    Icmpv6Code, "icmpv6_code", 8;
    /// A code of the ICMP error of either family.
    IcmpxCode, "icmpx_code", 8;
    /// An IGMP type.
    IgmpType, "igmp_type", 8;
    /// TCP flags.
    TcpFlag, "tcp_flag", 8;
    /// A DCCP type.
    DccpPkttype, "dccp_pkttype", 4;
    /// A type of mobility header.
    MhType, "mh_type", 8;
    /// A mark.
    Mark, "mark", 32;
    /// An interface, by its index or its name.
    IfaceIndex, "iface_index", 32;
    /// The name of an interface.
    Ifname, "ifname", 128;
    /// A kind of interface, by number.
    IfaceType, "iface_type", 16;
    /// A group of interfaces.
    Devgroup, "devgroup", 32;
    /// A user.
    Uid, "uid", 32;
    /// A group of users.
    Gid, "gid", 32;
    /// A realm of the routing table.
    Realm, "realm", 32;
    /// A class of traffic control.
    Classid, "classid", 32;
    /// A conntrack state.
    CtState, "ct_state", 32;
    /// A direction of a connection.
    CtDir, "ct_dir", 8;
    /// What happened to a connection.
    CtStatus, "ct_status", 32;
    /// A label of a connection.
    CtLabel, "ct_label", 128;
    /// A conntrack event.
    CtEvent, "ct_event", 32;
    /// The number of a connection.
    CtId, "ct_id", 32;
    /// The link-layer kind of a packet.
    PktType, "pkt_type", 8;
    /// A differentiated services code point.
    Dscp, "dscp", 6;
    /// Congestion notification.
    Ecn, "ecn", 2;
    /// What kind of address the routing table takes it for.
    FibAddrtype, "fib_addrtype", 32;
    /// A point or length of time.
    Time, "time", 64;
    /// An hour of the day.
    Hour, "hour", 32;
    /// A day of the week.
    Day, "day", 8;
    /// A control group.
    Cgroupsv2, "cgroupsv2", 64;
}

impl Datatype {
    /// The type of a name.
    pub fn from_name(name: &str) -> Option<Datatype> {
        match name {
            "cgroupv2" => Some(Datatype::Cgroupsv2),
            "ether_type" | "ethertype" => Some(Datatype::EtherType),
            _ => Datatype::ALL.iter().copied().find(|datatype| datatype.name() == name),
        }
    }
}
