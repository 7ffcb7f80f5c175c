iptables -P INPUT ACCEPT
iptables -A INPUT -i lo -j ACCEPT
if [ -f /etc/strict ]; then
    iptables -P INPUT DROP
    iptables -A INPUT -p tcp --dport 22 -s 192.0.2.1 -j ACCEPT
elif grep -q x /etc/loose; then
    iptables -A INPUT -p tcp --dport 22 -j ACCEPT
else
    iptables -D INPUT -i lo -j ACCEPT
fi
[ -n "$WEB" ] && iptables -A INPUT -p tcp --dport 80 -j ACCEPT
test -d /srv || iptables -A INPUT -p tcp --dport 81 -j ACCEPT
if [ -f /etc/strict ]; then iptables -A INPUT -p tcp --dport 443 -j ACCEPT; fi
case $MODE in
    open) iptables -A INPUT -j ACCEPT ;;
    shut|closed) iptables -A INPUT -j DROP ;;
esac
