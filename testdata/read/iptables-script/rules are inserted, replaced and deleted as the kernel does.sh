iptables -A INPUT -s 192.0.2.2 -j ACCEPT
iptables -I INPUT -s 192.0.2.1 -j ACCEPT
iptables -A INPUT -s 192.0.2.4 -j ACCEPT
iptables -I INPUT 3 -s 192.0.2.3 -j ACCEPT
iptables -A INPUT -s 192.0.2.5 -p tcp --dport 22 -j DROP
iptables -R INPUT 1 -s 192.0.2.11 -j DROP
iptables -D INPUT -p tcp -s 192.0.2.5/32 --dport ssh -j DROP
iptables -D INPUT 2
iptables -N web
iptables -A INPUT -j web
iptables -A web -p tcp --dport 80 -j ACCEPT
iptables -E web http
iptables -N gone
iptables -X gone
iptables -P FORWARD DROP
iptables -Z
iptables -L -n
