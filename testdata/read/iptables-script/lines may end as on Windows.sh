#!/bin/bash
IPT="iptables"
$IPT -P INPUT DROP
$IPT -A INPUT -p tcp \
  --dport 22 -j ACCEPT
for p in 80 443
do
  $IPT -A INPUT -p tcp --dport $p -j ACCEPT
done
