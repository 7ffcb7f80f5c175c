iptables -A INPUT -m comment --comment "ssh -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -j DROP
