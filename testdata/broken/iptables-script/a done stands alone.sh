iptables -A INPUT -j ACCEPT
done
iptables -A INPUT -j DROP
