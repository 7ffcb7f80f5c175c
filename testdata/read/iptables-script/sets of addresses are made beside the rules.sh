ipset create blocked hash:net -exist
ipset flush blocked
for net in 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24; do ipset add blocked $net; done
ipset del blocked 203.0.113.0/24
ipset create ports bitmap:port range 0-65535
ipset add ports 22
ipset create filled hash:ip
ipset add filled $(curl https://example.com/list)
ipset restore <<END
create more hash:ip family inet6
add more 2001:db8::1
END
iptables -A INPUT -m set --match-set blocked src -j DROP
