#!/bin/sh
iptables -t mangle -A INPUT -j REJECT
iptables -t nat -A PREROUTING -j DROP
iptables -A OUTPUT -i eth0 -j DROP
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
