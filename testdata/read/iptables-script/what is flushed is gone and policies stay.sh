iptables -P INPUT DROP
iptables -A INPUT -s 192.0.2.1 -j ACCEPT
iptables -N old
iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
iptables -F
iptables -X
iptables -t nat -F POSTROUTING
iptables -A INPUT -s 192.0.2.2 -j ACCEPT
