#!/bin/bash
PORTS="22 80"
IPS=(192.0.2.1 "192.0.2.2")
IPS+=(192.0.2.3)
for port in $PORTS 443; do
    iptables -A INPUT -p tcp --dport $port -j ACCEPT
done
for ip in "${IPS[@]}"
do iptables -A INPUT -s "$ip" -j ACCEPT; done
for port in {7000..7002}; do for proto in tcp udp; do iptables -A INPUT -p $proto --dport "$port" -j DROP; done; done
for port in 1 2 3 4; do
    [ $port = 2 ] && continue
    [ -f /etc/no.$port ] && continue
    [ "$port" -eq 4 ] && break
    iptables -A INPUT -p udp --dport $port -j DROP
done
