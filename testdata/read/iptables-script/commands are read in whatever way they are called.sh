#!/bin/sh
/sbin/iptables -w 5 -A INPUT -s 192.0.2.1 -j ACCEPT
sudo -E -u root iptables-nft --wait -t filter --append INPUT --source=192.0.2.2 --jump ACCEPT
command iptables-legacy -AINPUT -s192.0.2.3 -jACCEPT
env LANG=C iptables -A INPUT \
    -s 192.0.2.4 \
    -j ACCEPT  # a comment -j DROP
$ sudo iptables -A INPUT -s 192.0.2.5 -j ACCEPT
root@host:~# iptables -A INPUT -s 192.0.2.6 -j ACCEPT
iptables -A INPUT -s '192.0.2.7' -j "ACCEPT"; iptables -A INPUT -s 192.0.2.8 -j ACCEPT 2>/dev/null || true
busybox iptables -A INPUT -m comment --comment "two words; -j DROP" -j ACCEPT &
