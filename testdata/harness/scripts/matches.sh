iptables -N FOO
iptables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A INPUT -p tcp --dport ssh -j ACCEPT
iptables -A INPUT -p tcp ! --dport 80:90 --sport 1000: -j ACCEPT
iptables -A INPUT -p udp -m multiport --dports 80,443 -j ACCEPT
iptables -A INPUT -p udp -m multiport ! --ports 80,443,1:5 -m comment --comment "hello wo*/rld" -j ACCEPT
iptables -A INPUT -s 10.0.0.0/8 ! -d 192.0.2.1 -p icmp --icmp-type echo-request -j FOO
iptables -A INPUT -p icmp --icmp-type any -g FOO
iptables -A INPUT -m iprange ! --src-range 10.0.0.1-10.0.0.9 --dst-range 1.1.1.1-1.1.1.2 -j LOG --log-prefix "a b: " --log-level debug
iptables -A INPUT -m mark --mark 0x1/0xf -m mark ! --mark 2
iptables -A OUTPUT -m owner ! --uid-owner 1000 --gid-owner 0-5 -m owner --socket-exists -j REJECT
iptables -A OUTPUT -p tcp --syn -j REJECT --reject-with tcp-reset
iptables -A OUTPUT -p tcp ! --tcp-flags SYN,ACK FIN -j RETURN
iptables -A OUTPUT -m limit --limit 3/min --limit-burst 9 -j DROP
iptables -A OUTPUT ! -o eth0 -p 47
iptables -A OUTPUT ! -p tcp -f
iptables -A OUTPUT -p esp -m length --length 10:20 -m ttl --ttl-gt 3 -m dscp --dscp 10
iptables -A INPUT -m mac --mac-source 00:11:22:33:44:55 -m pkttype --pkt-type multicast -m physdev --physdev-in eth0 -j NFQUEUE --queue-num 3
iptables -A INPUT -m connmark --mark 3 -m recent --name ssh --update --seconds 60 --hitcount 3 -j DROP
iptables -A INPUT -m state ! --state NEW -j MARK --set-mark 3
iptables -t mangle -A INPUT -j MARK --set-mark 3
iptables -t mangle -A INPUT -j CONNMARK --save-mark
iptables -A INPUT -j LOG
iptables -A INPUT -j LOG --log-uid --log-tcp-options --log-level 4
iptables -A INPUT -s 127.0.0.1 -d 127.0.0.1 -j DROP
iptables -P INPUT DROP
iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080
iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j SNAT --to-source 1.2.3.4-1.2.3.9
iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j NETMAP --to 1.2.3.0/24
iptables -t raw -A PREROUTING -j CT --notrack
iptables -t raw -A PREROUTING -j NOTRACK
iptables -t raw -A PREROUTING -p tcp -m socket --transparent -j TRACE
ip6tables -A INPUT -p icmpv6 --icmpv6-type echo-request -j ACCEPT
ip6tables -A INPUT -s 2001:db8::/32 -p tcp --dport 22 -j ACCEPT
ip6tables -A INPUT -p icmpv6 -j REJECT --reject-with icmp6-adm-prohibited
ip6tables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination [2001:db8::1]:8080
ip6tables -A INPUT -m hl --hl-eq 255 -p icmpv6 --icmpv6-type neighbour-solicitation -j ACCEPT
iptables -A INPUT -m set --match-set x src -m set ! --match-set x dst -j DROP
iptables -A INPUT -m addrtype ! --dst-type UNICAST,BROADCAST -j DROP
iptables -A INPUT -p icmp --icmp-type 3/4 -j ACCEPT
iptables -A INPUT -p icmp ! --icmp-type 8 -j ACCEPT
iptables -A INPUT -p sctp --dport 80 -m pkttype ! --pkt-type broadcast -j ACCEPT
iptables -A INPUT -m ttl ! --ttl-eq 3 -m length ! --length 10 -m dscp ! --dscp 1 -m mac ! --mac-source 00:11:22:33:44:55
iptables -t nat -A POSTROUTING -p tcp -j MASQUERADE --to-ports 1-2
iptables -t nat -A OUTPUT -d 192.0.2.1 -p udp --dport 53 -j DNAT --to-destination 192.0.2.2-192.0.2.3:54
iptables -t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 3128 --tproxy-mark 1/1
iptables -t mangle -A OUTPUT -j MARK --set-xmark 0x1/0xff
iptables -t mangle -A OUTPUT -j MARK --and-mark 0xf0
iptables -t mangle -A OUTPUT -j MARK --or-mark 0xf0
iptables -t mangle -A OUTPUT -j CONNMARK --restore-mark
iptables -t mangle -A OUTPUT -j CONNMARK --set-mark 5
iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
iptables -A OUTPUT -p tcp --dport 25 -m owner ! --gid-owner 12 -m comment --comment "mail -j ACCEPT *" -j NFLOG --nflog-group 3
