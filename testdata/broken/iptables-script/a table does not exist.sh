iptables -t fliter -A INPUT -j ACCEPT
