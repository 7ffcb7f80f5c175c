#!/bin/bash
IPV6=no
WEB="yes"
if [ "$IPV6" = "yes" ]; then ip6tables -P INPUT ACCEPT; else ip6tables -P INPUT DROP; fi
[[ $WEB == yes ]] && iptables -A INPUT -p tcp --dport 80 -j ACCEPT
[ "$WEB" != yes ] || iptables -A INPUT -p tcp --dport 443 -j ACCEPT
if [ "$(id -u)" -ne 0 ]; then echo "run me as root" >&2; exit 1; fi
[ -x /sbin/iptables ] || exit 0
if ! command -v ip6tables >/dev/null; then exit 1; fi
case "$WEB" in
    y*) iptables -A INPUT -p udp --dport 443 -j ACCEPT ;;
    *) iptables -A INPUT -j DROP ;;
esac
