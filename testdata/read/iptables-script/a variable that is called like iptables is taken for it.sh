$IPTABLES -A INPUT -i lo -j ACCEPT
$IP6TABLES -A INPUT -i lo -j ACCEPT
$SUDO iptables -A INPUT -p tcp --dport 22 -j ACCEPT
