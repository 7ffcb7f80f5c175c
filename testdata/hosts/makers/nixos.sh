# NixOS's own firewall (backend iptables), written by hand after what its firewall-start does, since nix
# cannot be had here. Sourced by ../make.sh.

made[nixos-default-firewall]="The rules of networking.firewall as NixOS 25.05 enables it, with services.openssh.enable, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
nixos-default-firewall() {
    nixos_firewall 22
    dump v4 v6
}

made[nixos-without-any-open-port]="The rules of networking.firewall as NixOS 25.05 enables it, without any service, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
nixos-without-any-open-port() {
    nixos_firewall
    dump v4 v6
}

# nixos_firewall [TCP PORT]...
nixos_firewall() {
    local port
    nixos -N nixos-fw-accept
    nixos -A nixos-fw-accept -j ACCEPT
    nixos -N nixos-fw-refuse
    nixos -A nixos-fw-refuse -j DROP
    nixos -N nixos-fw-log-refuse
    nixos -A nixos-fw-log-refuse -p tcp --syn -j LOG --log-level info --log-prefix "refused connection: "
    nixos -A nixos-fw-log-refuse -m pkttype ! --pkt-type unicast -j nixos-fw-refuse
    nixos -A nixos-fw-log-refuse -j nixos-fw-refuse
    nixos -N nixos-fw
    nixos -t mangle -N nixos-fw-rpfilter
    nixos -t mangle -A nixos-fw-rpfilter -m rpfilter --validmark -j RETURN
    iptables -t mangle -A nixos-fw-rpfilter -p udp --sport 67 --dport 68 -j RETURN
    iptables -t mangle -A nixos-fw-rpfilter -s 0.0.0.0 -d 255.255.255.255 -p udp --sport 68 --dport 67 -j RETURN
    nixos -t mangle -A nixos-fw-rpfilter -j DROP
    nixos -t mangle -A PREROUTING -j nixos-fw-rpfilter
    nixos -A nixos-fw -i lo -j nixos-fw-accept
    nixos -A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept
    for port in "$@"; do
        nixos -A nixos-fw -p tcp --dport "$port" -j nixos-fw-accept
    done
    iptables -A nixos-fw -p icmp --icmp-type echo-request -j nixos-fw-accept
    ip6tables -A nixos-fw -p icmpv6 --icmpv6-type redirect -j DROP
    ip6tables -A nixos-fw -p icmpv6 --icmpv6-type 139 -j DROP
    ip6tables -A nixos-fw -p icmpv6 -j nixos-fw-accept
    ip6tables -A nixos-fw -d fe80::/64 -p udp --dport 546 -j nixos-fw-accept
    nixos -A nixos-fw -j nixos-fw-log-refuse
    nixos -A INPUT -j nixos-fw
}

nixos() {
    iptables "$@"
    ip6tables "$@"
}
