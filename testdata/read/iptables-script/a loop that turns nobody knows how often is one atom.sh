while read -r ip; do
    iptables -A INPUT -s "$ip" -j DROP
done < /etc/blocked
for net in $NETS; do
    iptables -A INPUT -s $net -p tcp --dport 22 -j ACCEPT
    iptables -A INPUT -p tcp --dport 80 -j ACCEPT
done
iptables -A INPUT -s $net -j DROP
