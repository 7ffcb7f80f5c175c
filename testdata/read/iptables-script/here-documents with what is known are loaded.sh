LAN=192.0.2.0/24
iptables -t mangle -A OUTPUT -j MARK --set-mark 1
iptables -A INPUT -j DROP
iptables-restore <<END
*filter
:INPUT DROP [0:0]
:web - [0:0]
-A INPUT -s $LAN -p tcp --dport 22 -j ACCEPT
-A INPUT -m comment --comment "costs \$5" -j web
-A web -j RETURN
COMMIT
END
cat <<'END' | iptables-restore --noflush
*filter
:web - [0:0]
-A web -m comment --comment "$5" -j DROP
-A INPUT -i lo -j ACCEPT
COMMIT
END
ip6tables-restore <<-END
	*filter
	:FORWARD DROP [0:0]
	COMMIT
	END
