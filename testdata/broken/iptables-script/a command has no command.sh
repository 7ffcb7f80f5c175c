iptables -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -A OUTPUT -j DROP
