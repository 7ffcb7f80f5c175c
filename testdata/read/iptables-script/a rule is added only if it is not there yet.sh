iptables -C INPUT -p tcp --dport 22 -j ACCEPT 2>/dev/null || iptables -A INPUT -p tcp --dport 22 -j ACCEPT
iptables -C INPUT -p tcp --dport 22 -j ACCEPT || iptables -A INPUT -p tcp --dport 22 -j ACCEPT
if ! iptables -C INPUT -j DROP; then iptables -A INPUT -j DROP; fi
while iptables -D INPUT -j DROP 2>/dev/null; do :; done
iptables -N mine 2>/dev/null || iptables -F mine
iptables -N mine 2>/dev/null || iptables -A mine -j RETURN
iptables -D INPUT -j mine 2>/dev/null
iptables -A INPUT -j mine
