#!/bin/bash
IPT=/sbin/iptables
IPT6="sudo ip6tables -w"
export LAN="192.0.2.0/24"
readonly PORTS='22,443'
NET=192.0.2
MATCH="-p tcp --dport 25"
COMMENT="two words"
IPTABLES=$(which iptables)
$IPT -A INPUT -s $LAN -p tcp -m multiport --dports ${PORTS} -j ACCEPT
"${IPT}" -A INPUT -s "${NET}.9" -j ACCEPT
${IPTABLES} -A INPUT $MATCH -m comment --comment "$COMMENT" -j ACCEPT
${OTHER:-iptables} -A INPUT -s ${HOST:-192.0.2.77} -j ACCEPT
$IPT6 -A INPUT -p tcp --dport 22 -j ACCEPT
NET+=.8
$IPT -A INPUT -s $NET -j DROP
