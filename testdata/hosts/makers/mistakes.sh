# What goes wrong with firewalls around cloudflared: each a host that keeps the positive security model
# but for one mistake. Uses the words of ./positive.sh. Sourced by ../make.sh.

# mistake NAME "WHAT IS WRONG": declares a host below real-mistakes/.
mistake() {
    made[real-mistakes/$1]="$2 Written by hand, loaded into the kernel, then dumped."
}

mistake dns-is-forgotten "All edge addresses are open, DNS is not."
real-mistakes/dns-is-forgotten() {
    closed
    edge_by_address tcp udp
    dump v4 v6
}

mistake dns-over-tls-alone "Port 853 is open, 53 is not."
real-mistakes/dns-over-tls-alone() {
    closed
    iptables -A OUTPUT -d 1.1.1.1 -p tcp --dport 853 -j ACCEPT
    edge_by_address tcp udp
    dump v4 v6
}

mistake dns-over-udp-alone "DNS is open over UDP, not over TCP."
real-mistakes/dns-over-udp-alone() {
    closed
    iptables -A OUTPUT -p udp --dport 53 -j ACCEPT
    ip6tables -A OUTPUT -p udp --dport 53 -j ACCEPT
    edge_by_address tcp udp
    dump v4 v6
}

mistake one-region-of-two "Only the addresses of region 1 are open."
real-mistakes/one-region-of-two() {
    closed
    dns_to_resolvers
    edge_in iptables "$region1_v4" tcp udp
    edge_in ip6tables "$region1_v6" tcp udp
    dump v4 v6
}

mistake ipv6-is-left-open "IPv4 is closed and right, IPv6 has no rule at all."
real-mistakes/ipv6-is-left-open() {
    closed_v4
    dns_to_resolvers_v4
    edge_by_address_v4 tcp udp
    ip6tables -P INPUT ACCEPT
    dump v4 v6
}

mistake the-rules-are-behind-the-drop "The rules for the edge were appended behind the rule that drops the rest."
real-mistakes/the-rules-are-behind-the-drop() {
    iptables -A INPUT -i lo -j ACCEPT
    iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A INPUT -j DROP
    iptables -A OUTPUT -o lo -j ACCEPT
    iptables -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A OUTPUT -p udp --dport 53 -j ACCEPT
    iptables -A OUTPUT -p tcp -m multiport --dports 53,80,443 -j ACCEPT
    iptables -A OUTPUT -j DROP
    iptables -A OUTPUT -p udp --dport 7844 -j ACCEPT
    iptables -A OUTPUT -p tcp --dport 7844 -j ACCEPT
    dump v4
}

mistake answers-are-not-let-in "The flows may go out, but INPUT lets no answer in."
real-mistakes/answers-are-not-let-in() {
    closed
    iptables -D INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    ip6tables -D INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    dns_to_resolvers
    edge_by_address tcp udp
    dump v4 v6
}

mistake answers-are-let-in-for-tcp-alone "INPUT lets answers in with -p tcp, so those of QUIC and DNS over UDP are lost."
real-mistakes/answers-are-let-in-for-tcp-alone() {
    closed_v4
    iptables -R INPUT 2 -p tcp -m state --state RELATED,ESTABLISHED -j ACCEPT
    dns_to_resolvers_v4
    edge_by_address_v4 tcp udp
    dump v4
}

mistake only-the-first-packet-may-leave "OUTPUT accepts state NEW to the edge, but nothing lets established flows out."
real-mistakes/only-the-first-packet-may-leave() {
    closed_v4
    iptables -D OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    dns_to_resolvers_v4
    edge_by_address_v4 tcp udp -m conntrack --ctstate NEW
    dump v4
}

mistake stateless-answers-with-a-wrong-port "Answers are let in by their source port, mistyped as 7488."
real-mistakes/stateless-answers-with-a-wrong-port() {
    iptables -P INPUT DROP
    iptables -P FORWARD DROP
    iptables -A INPUT -i lo -j ACCEPT
    iptables -A INPUT -p udp --sport 53 --dport 1024:65535 -j ACCEPT
    iptables -A INPUT -p udp --sport 7488 --dport 32768:60999 -j ACCEPT
    iptables -A INPUT -p tcp ! --syn --sport 7488 --dport 32768:60999 -j ACCEPT
    dump v4
}

mistake opened-inbound-instead "Port 7844 is open from Cloudflare's edge inbound; outbound it is closed."
real-mistakes/opened-inbound-instead() {
    closed_v4
    dns_to_resolvers_v4
    iptables -A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
    for address in $edge4; do
        iptables -A INPUT -s $address -p tcp --dport 7844 -j ACCEPT
        iptables -A INPUT -s $address -p udp --dport 7844 -j ACCEPT
    done
    dump v4
}

mistake opened-inbound-as-well "Port 7844 is open outbound, as it should be, and inbound for everyone."
real-mistakes/opened-inbound-as-well() {
    closed
    dns_to_resolvers
    edge_by_address tcp udp
    iptables -I INPUT 3 -p udp --dport 7844 -j ACCEPT
    iptables -I INPUT 4 -p tcp --dport 7844 -j ACCEPT
    dump v4 v6
}

mistake inbound-from-the-cdn-ranges "The published ranges of Cloudflare's CDN may reach port 7844; outbound it is closed."
real-mistakes/inbound-from-the-cdn-ranges() {
    closed_v4
    dns_to_resolvers_v4
    for range in 173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 \
        190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 \
        104.24.0.0/14 172.64.0.0/13 131.0.72.0/22; do
        iptables -A INPUT -s $range -p tcp --dport 7844 -j ACCEPT
    done
    dump v4
}

mistake tcp-alone "Port 7844 is open over TCP, not over UDP."
real-mistakes/tcp-alone() {
    closed
    dns_to_resolvers
    edge_by_address tcp
    dump v4 v6
}

mistake udp-alone "Port 7844 is open over UDP, not over TCP."
real-mistakes/udp-alone() {
    closed
    dns_to_resolvers
    edge_by_address udp
    dump v4 v6
}

mistake udp-rejected "Port 7844 is open over TCP; over UDP it is rejected outbound."
real-mistakes/udp-rejected() {
    closed
    dns_to_resolvers
    edge_by_address tcp
    iptables -A OUTPUT -j REJECT
    ip6tables -A OUTPUT -j REJECT
    dump v4 v6
}

mistake the-list-of-the-first-version "Only the ten addresses of the list before 2022.7.0 are open."
real-mistakes/the-list-of-the-first-version() {
    closed_v4
    dns_to_resolvers_v4
    edge_in iptables "$(printf '198.41.%s ' 192.{7,47,107,167,227} 200.{13,53,113,193,233})" tcp udp
    dump v4
}

mistake the-typo-of-the-documentation "One address is 198.41.200.3, as the documentation had it for a while, instead of 198.41.200.33."
real-mistakes/the-typo-of-the-documentation() {
    closed
    dns_to_resolvers
    edge_in iptables "${edge4/200.33/200.3}" tcp udp
    edge_in ip6tables "$edge6" tcp udp
    dump v4 v6
}

mistake a-prefix-that-misses-the-tenth-address "The IPv6 rules name 2606:4700:a0::/124 and a8::/124, which end at ::f; the tenth address is ::10."
real-mistakes/a-prefix-that-misses-the-tenth-address() {
    closed
    dns_to_resolvers
    edge_by_address_v4 tcp udp
    for protocol in tcp udp; do
        ip6tables -A OUTPUT -d 2606:4700:a0::/124 -p $protocol --dport 7844 -j ACCEPT
        ip6tables -A OUTPUT -d 2606:4700:a8::/124 -p $protocol --dport 7844 -j ACCEPT
    done
    dump v4 v6
}

mistake a-range-that-ends-at-a "The IPv6 rules name the range ::1 to ::a, as if ten were hexadecimal."
real-mistakes/a-range-that-ends-at-a() {
    closed
    dns_to_resolvers
    edge_by_address_v4 tcp udp
    for region in a0 a8; do
        for protocol in tcp udp; do
            ip6tables -A OUTPUT -p $protocol -m iprange --dst-range 2606:4700:$region::1-2606:4700:$region::a \
                -m $protocol --dport 7844 -j ACCEPT
        done
    done
    dump v4 v6
}

mistake the-cdn-ranges-without-the-tunnels "Outbound 7844 is open to ranges of Cloudflare's CDN that hold no edge address of the tunnel."
real-mistakes/the-cdn-ranges-without-the-tunnels() {
    closed_v4
    dns_to_resolvers_v4
    for range in 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13 162.158.0.0/15; do
        iptables -A OUTPUT -d $range -p tcp --dport 7844 -j ACCEPT
        iptables -A OUTPUT -d $range -p udp --dport 7844 -j ACCEPT
    done
    dump v4
}

mistake https-alone "Outbound is open for DNS and HTTPS alone, as if the tunnel fell back to 443."
real-mistakes/https-alone() {
    closed
    dns_to_resolvers
    iptables -A OUTPUT -p tcp --dport 443 -j ACCEPT
    ip6tables -A OUTPUT -p tcp --dport 443 -j ACCEPT
    iptables -A OUTPUT -p udp --dport 443 -j ACCEPT
    ip6tables -A OUTPUT -p udp --dport 443 -j ACCEPT
    dump v4 v6
}

mistake a-stub-resolver-without-loopback "Everything the tunnel needs is open, but loopback is not, and the resolver is a stub on 127.0.0.53."
real-mistakes/a-stub-resolver-without-loopback() {
    closed
    iptables -D INPUT -i lo -j ACCEPT
    iptables -D OUTPUT -o lo -j ACCEPT
    ip6tables -D INPUT -i lo -j ACCEPT
    ip6tables -D OUTPUT -o lo -j ACCEPT
    dns_to_resolvers
    edge_by_address tcp udp
    dump v4 v6
}

mistake the-rules-name-another-user "The rules for the edge name uid 1000; cloudflared runs as uid 988."
real-mistakes/the-rules-name-another-user() {
    closed
    dns_to_resolvers
    edge_by_address tcp udp -m owner --uid-owner 1000
    dump v4 v6
}

mistake a-transparent-proxy-takes-the-tunnel "A transparent proxy takes all TCP that leaves the machine but its own, 7844 included."
real-mistakes/a-transparent-proxy-takes-the-tunnel() {
    iptables -t nat -N PROXY
    iptables -t nat -A PROXY -d 127.0.0.0/8 -j RETURN
    iptables -t nat -A PROXY -d 10.0.0.0/8 -j RETURN
    iptables -t nat -A PROXY -d 192.168.0.0/16 -j RETURN
    iptables -t nat -A PROXY -m owner --uid-owner 13 -j RETURN
    iptables -t nat -A PROXY -p tcp -j REDIRECT --to-ports 12345
    iptables -t nat -A OUTPUT -p tcp -j PROXY
    dump v4
}

mistake a-proxy-takes-https "A transparent proxy takes port 443 that leaves the machine; 7844 is not touched."
real-mistakes/a-proxy-takes-https() {
    iptables -t nat -A OUTPUT -p tcp --dport 443 -m owner ! --uid-owner 13 -j REDIRECT --to-ports 3129
    dump v4
}

mistake neighbour-discovery-is-forgotten "IPv6 is closed but for the tunnel's flows, and neighbour discovery is not among them."
real-mistakes/neighbour-discovery-is-forgotten() {
    closed_v4
    closed_in ip6tables
    dns_to_resolvers
    edge_by_address tcp udp
    dump v4 v6
}

mistake ipv6-without-the-edge "IPv6 may go out for HTTPS and DNS, but not to the edge; IPv4 is right."
real-mistakes/ipv6-without-the-edge() {
    closed
    dns_to_resolvers
    ip6tables -A OUTPUT -p tcp --dport 443 -j ACCEPT
    edge_by_address_v4 tcp udp
    dump v4 v6
}

mistake locked-out "Nothing gets in or out: neither administration nor the tunnel is left."
real-mistakes/locked-out() {
    local tool chain
    for tool in iptables ip6tables; do
        for chain in INPUT FORWARD OUTPUT; do
            $tool -P $chain DROP
        done
        $tool -A INPUT -i lo -j ACCEPT
        $tool -A OUTPUT -o lo -j ACCEPT
    done
    dump v4 v6
}

mistake a-limit-on-the-way-out "Packets to the edge are accepted at 10 a second, the rest is dropped."
real-mistakes/a-limit-on-the-way-out() {
    closed_v4
    dns_to_resolvers_v4
    edge_by_address_v4 tcp udp -m limit --limit 10/second
    dump v4
}

mistake the-edge-set-is-empty "The edge addresses should be in an ipset, which nothing has filled."
real-mistakes/the-edge-set-is-empty() {
    ipset create cloudflared hash:net initval 0x24d1f07c
    closed_v4
    dns_to_resolvers_v4
    iptables -A OUTPUT -p tcp -m set --match-set cloudflared dst -m tcp --dport 7844 -j ACCEPT
    iptables -A OUTPUT -p udp -m set --match-set cloudflared dst -m udp --dport 7844 -j ACCEPT
    dump v4 ipset
}

mistake the-edge-set-is-matched-as-source "The rules look the edge up as the source of what goes out."
real-mistakes/the-edge-set-is-matched-as-source() {
    local address
    ipset create cloudflared hash:ip initval 0x24d1f07c
    for address in $edge4; do ipset add cloudflared $address; done
    closed_v4
    dns_to_resolvers_v4
    iptables -A OUTPUT -p tcp -m set --match-set cloudflared src -m tcp --dport 7844 -j ACCEPT
    iptables -A OUTPUT -p udp -m set --match-set cloudflared src -m udp --dport 7844 -j ACCEPT
    dump v4 ipset
}

mistake the-rules-are-in-the-wrong-chain "The container's tunnel is blocked in DOCKER-USER, and the rules for it were put into OUTPUT."
real-mistakes/the-rules-are-in-the-wrong-chain() {
    start_dockerd
    run_container -p 8080:80
    stop_forwarding_but_answers
    for protocol in tcp udp; do
        iptables -A OUTPUT -d 198.41.192.0/24 -p $protocol --dport 7844 -j ACCEPT
        iptables -A OUTPUT -d 198.41.200.0/24 -p $protocol --dport 7844 -j ACCEPT
    done
    dump v4
    stop_dockerd
}

mistake invented-addresses-in-docker-user "DOCKER-USER lets the container reach a list of addresses over TCP, three of them invented, seven missing, and no DNS."
real-mistakes/invented-addresses-in-docker-user() {
    local address
    start_dockerd
    run_container -p 8080:80
    stop_forwarding_but_answers
    for address in 192.{7,67,77,107,167} 200.{13,23,33,43,53,63,73,83,93,103,113}; do
        iptables -I DOCKER-USER 2 -i docker0 -d 198.41.$address -p tcp --dport 7844 -j ACCEPT
    done
    dump v4
    stop_dockerd
}

# Containers may answer, and begin nothing.
stop_forwarding_but_answers() {
    iptables -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -I DOCKER-USER 2 -i docker0 ! -o docker0 -j DROP
}

mistake http2-is-pinned-and-tcp-is-closed "cloudflared is told to use HTTP/2 alone (fwlint.yaml), and port 7844 is open over UDP alone."
real-mistakes/http2-is-pinned-and-tcp-is-closed() {
    real-mistakes/udp-alone
}

mistake quic-is-pinned-and-udp-is-closed "cloudflared is told to use QUIC alone (fwlint.yaml), and port 7844 is open over TCP alone."
real-mistakes/quic-is-pinned-and-udp-is-closed() {
    real-mistakes/tcp-alone
}
