MYIP=$(hostname -I | cut -d' ' -f1)
iptables -A INPUT -d $MYIP -p tcp --dport 22 -j ACCEPT
iptables -A INPUT ! -s "$ADMIN" -d $MYIP -j DROP
iptables -A INPUT -p tcp --dport $((8000 + 80)) -j ACCEPT
iptables -A INPUT -p udp -m multiport --dports 53,$DNS -j ACCEPT
iptables -A INPUT -s $ADMIN -j $ACTION
iptables -A INPUT $EVERYTHING
iptables -A INPUT $EXTRA -j DROP
MYIP=$(hostname -I | cut -d' ' -f1)
iptables -A INPUT -d $MYIP -j REJECT
