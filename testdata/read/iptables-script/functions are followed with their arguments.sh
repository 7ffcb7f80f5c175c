allow() {
    local port=$1 from=${2:-0.0.0.0/0}
    iptables -A INPUT -p tcp --dport "$port" -s "$from" -j ACCEPT
}
function both { iptables "$@"; ip6tables "$@"; }
skip() { [ -f "/etc/skip/$1" ] && return; iptables -A INPUT -p udp --dport $1 -j ACCEPT; }
never() { iptables -A INPUT -j ACCEPT; }
port=1
allow 22 192.0.2.0/24
allow 80
both -A INPUT -i lo -j ACCEPT
skip 53
iptables -A INPUT -p udp --dport $port -j DROP
