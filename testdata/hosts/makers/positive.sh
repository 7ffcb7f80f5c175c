# Hosts that keep the positive security model: nothing gets in or out that was not allowed by name, and
# what cloudflared needs is. Sourced by ../make.sh; ./mistakes.sh uses the same words.

made[a-host-with-exactly-the-tunnels-flows]="INPUT, FORWARD and OUTPUT closed in both families, one rule for each edge address and protocol, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-host-with-exactly-the-tunnels-flows() {
    closed
    dns_to_resolvers
    edge_by_address tcp udp
    optional_services
    dump v4 v6
}

made[a-host-with-exactly-the-tunnels-flows-in-ipsets]="INPUT, FORWARD and OUTPUT closed in both families, the edge addresses and the resolvers in ipsets, written by hand, loaded into the kernel, then iptables-save, ip6tables-save and ipset save."
a-host-with-exactly-the-tunnels-flows-in-ipsets() {
    local address
    # A fixed start value of the hash keeps the order in which the kernel lists a set.
    ipset create cloudflared-v4 hash:ip initval 0x1c9a2f60
    ipset create cloudflared-v6 hash:ip family inet6 initval 0x5d0e7b13
    ipset create resolvers-v4 hash:ip,port initval 0x8f34c2d5
    ipset create resolvers-v6 hash:ip,port family inet6 initval 0x3b61e9a8
    for address in $edge4; do ipset add cloudflared-v4 $address; done
    for address in $edge6; do ipset add cloudflared-v6 $address; done
    for address in $resolvers4; do ipset add resolvers-v4 $address,udp:53 && ipset add resolvers-v4 $address,tcp:53; done
    for address in $resolvers6; do ipset add resolvers-v6 $address,udp:53 && ipset add resolvers-v6 $address,tcp:53; done
    closed
    iptables -A OUTPUT -m set --match-set resolvers-v4 dst,dst -j ACCEPT
    ip6tables -A OUTPUT -m set --match-set resolvers-v6 dst,dst -j ACCEPT
    for protocol in tcp udp; do
        iptables -A OUTPUT -p $protocol -m set --match-set cloudflared-v4 dst -m $protocol --dport 7844 -j ACCEPT
        ip6tables -A OUTPUT -p $protocol -m set --match-set cloudflared-v6 dst -m $protocol --dport 7844 -j ACCEPT
    done
    dump v4 v6 ipset
}

made[a-host-with-the-tunnels-flows-by-prefix]="INPUT, FORWARD and OUTPUT closed in both families, the regions as prefixes, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-host-with-the-tunnels-flows-by-prefix() {
    closed
    dns_to_resolvers
    for protocol in tcp udp; do
        iptables -A OUTPUT -d 198.41.192.0/24 -p $protocol --dport 7844 -m conntrack --ctstate NEW -j ACCEPT
        iptables -A OUTPUT -d 198.41.200.0/24 -p $protocol --dport 7844 -m conntrack --ctstate NEW -j ACCEPT
        ip6tables -A OUTPUT -d 2606:4700:a0::/123 -p $protocol --dport 7844 -m conntrack --ctstate NEW -j ACCEPT
        ip6tables -A OUTPUT -d 2606:4700:a8::/123 -p $protocol --dport 7844 -m conntrack --ctstate NEW -j ACCEPT
    done
    dump v4 v6
}

made[a-host-where-only-the-user-cloudflared-may-go-out]="INPUT, FORWARD and OUTPUT closed in both families, edge addresses open for uid 988 (cloudflared) on eth0, DNS for all, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-host-where-only-the-user-cloudflared-may-go-out() {
    closed
    dns_to_resolvers
    edge_by_address tcp udp -o eth0 -m owner --uid-owner 988
    dump v4 v6
}

made[a-host-with-ipv4-alone]="INPUT, FORWARD and OUTPUT closed in both families, the tunnel's flows over IPv4, nothing over IPv6, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-host-with-ipv4-alone() {
    closed_v4
    for chain in INPUT FORWARD OUTPUT; do
        ip6tables -P $chain DROP
    done
    ip6tables -A INPUT -i lo -j ACCEPT
    ip6tables -A OUTPUT -o lo -j ACCEPT
    dns_to_resolvers_v4
    edge_by_address_v4 tcp udp
    dump v4 v6
}

made[a-host-with-stateless-rules]="INPUT and OUTPUT closed over IPv4, answers let in by port and not by connection tracking, IPv6 closed, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-host-with-stateless-rules() {
    local address protocol
    for tool in iptables ip6tables; do
        $tool -A INPUT -i lo -j ACCEPT
        $tool -A OUTPUT -o lo -j ACCEPT
        for chain in INPUT FORWARD OUTPUT; do
            $tool -P $chain DROP
        done
    done
    for address in $resolvers4; do
        for protocol in udp tcp; do
            iptables -A OUTPUT -d $address -p $protocol --sport 1024:65535 --dport 53 -j ACCEPT
            iptables -A INPUT -s $address -p $protocol --sport 53 --dport 1024:65535 -j ACCEPT
        done
    done
    for address in 198.41.192.0/24 198.41.200.0/24; do
        iptables -A OUTPUT -d $address -p udp --sport 1024:65535 --dport 7844 -j ACCEPT
        iptables -A INPUT -s $address -p udp --sport 7844 --dport 1024:65535 -j ACCEPT
        iptables -A OUTPUT -d $address -p tcp --sport 1024:65535 --dport 7844 -j ACCEPT
        iptables -A INPUT -s $address -p tcp ! --syn --sport 7844 --dport 1024:65535 -j ACCEPT
    done
    dump v4 v6
}

region1_v4="$(printf '198.41.192.%s ' 7 27 37 47 57 67 77 107 167 227)"
region2_v4="$(printf '198.41.200.%s ' 13 23 33 43 53 63 73 113 193 233)"
region1_v6="$(printf '2606:4700:a0::%s ' 1 2 3 4 5 6 7 8 9 10)"
region2_v6="$(printf '2606:4700:a8::%s ' 1 2 3 4 5 6 7 8 9 10)"
edge4="$region1_v4 $region2_v4"
edge6="$region1_v6 $region2_v6"
resolvers4="1.1.1.1 1.0.0.1"
resolvers6="2606:4700:4700::1111 2606:4700:4700::1001"

# All closed but loopback, answers, and (IPv6) neighbour discovery with the multicast reports it rests on.
closed() {
    closed_v4
    closed_v6
}

closed_v4() {
    closed_in iptables
}

closed_v6() {
    local type
    closed_in ip6tables
    for type in router-advertisement neighbour-solicitation neighbour-advertisement; do
        ip6tables -A INPUT -p icmpv6 --icmpv6-type $type -m hl --hl-eq 255 -j ACCEPT
    done
    for type in router-solicitation neighbour-solicitation neighbour-advertisement; do
        ip6tables -A OUTPUT -p icmpv6 --icmpv6-type $type -m hl --hl-eq 255 -j ACCEPT
    done
    ip6tables -A OUTPUT -p icmpv6 --icmpv6-type 143 -j ACCEPT
}

closed_in() {
    local chain
    for chain in INPUT FORWARD OUTPUT; do
        $1 -P $chain DROP
    done
    $1 -A INPUT -i lo -j ACCEPT
    $1 -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    $1 -A OUTPUT -o lo -j ACCEPT
    $1 -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
}

dns_to_resolvers() {
    dns_to_resolvers_v4
    dns_in ip6tables $resolvers6
}

dns_to_resolvers_v4() {
    dns_in iptables $resolvers4
}

dns_in() {
    local tool=$1 resolver
    shift
    for resolver in "$@"; do
        $tool -A OUTPUT -d $resolver -p udp --dport 53 -j ACCEPT
        $tool -A OUTPUT -d $resolver -p tcp --dport 53 -j ACCEPT
    done
}

# edge_by_address PROTOCOL... [MATCHES]: port 7844 to each edge address.
edge_by_address() {
    edge_by_address_v4 "$@"
    edge_in ip6tables "$edge6" "$@"
}

edge_by_address_v4() {
    edge_in iptables "$edge4" "$@"
}

edge_in() {
    local tool=$1 addresses=$2 protocols=() protocol address
    shift 2
    while [[ ${1:-} == tcp || ${1:-} == udp ]]; do
        protocols+=("$1")
        shift
    done
    for address in $addresses; do
        for protocol in "${protocols[@]}"; do
            $tool -A OUTPUT -d $address -p $protocol "$@" -m $protocol --dport 7844 -j ACCEPT
        done
    done
}

# Update check, the API and Access: HTTPS to the addresses that the documentation lists.
optional_services() {
    local address
    for address in 104.19.192.29 104.19.192.174 104.19.192.175 104.19.192.176 104.19.192.177 104.19.193.29 \
        104.18.24.129 104.18.25.129 104.19.194.29 104.19.195.29; do
        iptables -A OUTPUT -d $address -p tcp --dport 443 -j ACCEPT
    done
    for address in 2606:4700:300a::6813:c{0af,01d,0ae,11d,0b0,0b1} 2606:4700::6812:1{8,9}81 \
        2606:4700:300a::6813:c{3,2}1d; do
        ip6tables -A OUTPUT -d $address -p tcp --dport 443 -j ACCEPT
    done
}
