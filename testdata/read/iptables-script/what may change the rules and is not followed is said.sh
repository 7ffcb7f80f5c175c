. /etc/firewall.conf
echo "hello"; sysctl -w net.ipv4.ip_forward=1; modprobe ip_conntrack
ufw enable
nft add rule inet filter input accept
iptables $OPTIONS
iptables -A $CHAIN -j ACCEPT
iptables -t $TABLE -A INPUT -j ACCEPT
iptables -D INPUT -s 192.0.2.1 -j DROP
iptables -F nothing
eval "$RULES"
systemctl restart fail2ban
systemctl status fail2ban
ip netns exec box iptables -A INPUT -j DROP
ebtables -A FORWARD -p ARP -j ACCEPT
arptables -A INPUT -j DROP
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
