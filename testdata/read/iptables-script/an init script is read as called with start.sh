#!/bin/sh
### BEGIN INIT INFO
# Provides: firewall
### END INIT INFO
. /lib/lsb/init-functions
start() { iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT; }
stop() { iptables -F; iptables -P INPUT ACCEPT; }
case "$1" in
    start) log_daemon_msg "Starting"; start ;;
    stop) stop ;;
    restart) stop; start ;;
    *) echo "Usage: $0 {start|stop}"; exit 1 ;;
esac
exit 0
