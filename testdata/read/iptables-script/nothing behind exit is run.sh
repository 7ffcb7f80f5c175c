#!/bin/sh
set -e
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
( iptables -A INPUT -p tcp --dport 80 -j ACCEPT )
exit 0
iptables -A INPUT -j DROP
