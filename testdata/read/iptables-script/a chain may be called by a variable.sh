NIC=$1
iptables -N in-$NIC
iptables -A INPUT -i $NIC -j in-$NIC
iptables -A in-$NIC -p tcp --dport 22 -j ACCEPT
iptables -A $OTHER -j DROP
iptables -A INPUT -j $OTHER
