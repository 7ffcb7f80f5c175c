iptables -P INPUT DROP
iptables -P OUTPUT DROP
iptables -A INPUT -i lo -j ACCEPT
iptables -A OUTPUT -o lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
if [ -f /etc/web ]; then
  iptables -A OUTPUT -p udp --dport 53 -j ACCEPT
fi
