iptables -P INPUT DROP
iptables -P OUTPUT DROP
iptables -A INPUT -i lo -j ACCEPT
iptables -A OUTPUT -o lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
iptables -A OUTPUT -p udp --dport 7844 -j ACCEPT
iptables -A OUTPUT -p tcp --dport 7844 -j ACCEPT
fw() { iptables "$@"; }
DNS=$(getdns)
fw -A OUTPUT -p udp -d $DNS --dport 53 -j ACCEPT
