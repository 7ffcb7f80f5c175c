#!/bin/sh
LAN=192.0.2.0/24
iptables -A INPUT -j DROP
iptables-restore <<END
*filter
:INPUT DROP [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
-A INPUT -s $LAN -p tcp --dport 22 -j ACCEPT
-A INPUT -s $UNKNOWN -j ACCEPT
COMMIT
END
ip6tables-restore <<-'END'
	*filter
	:INPUT DROP [0:0]
	COMMIT
	END
cat <<END | sudo iptables-restore --noflush
*filter
-A INPUT -i lo -j ACCEPT
COMMIT
END
iptables-restore < /etc/iptables/rules.v4
