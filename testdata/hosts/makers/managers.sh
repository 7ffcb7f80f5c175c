# Programs that manage a host's firewall: the real ufw and firewalld. Sourced by ../make.sh.

made[ufw-enabled-with-ssh-allowed]="ufw 0.36.2 (Debian 12), \`ufw allow 22/tcp\` and \`ufw enable\` with IPV6=yes, then iptables-save and ip6tables-save."
ufw-enabled-with-ssh-allowed() {
    ufw allow 22/tcp
    ufw --force enable
    dump v4 v6
}

made[ufw-with-outgoing-denied-and-the-tunnel-allowed]="ufw 0.36.2 (Debian 12), \`ufw default deny outgoing\`, then \`ufw allow out\` for 7844 and 53, with IPV6=yes; then iptables-save and ip6tables-save."
ufw-with-outgoing-denied-and-the-tunnel-allowed() {
    ufw default deny outgoing
    ufw allow in 22/tcp
    ufw allow out 7844
    ufw allow out 53
    ufw --force enable
    dump v4 v6
}

made[firewalld-default-zone]="firewalld 1.3.3 (Debian 12) as installed (zone public), with FirewallBackend=iptables, then iptables-save and ip6tables-save."
firewalld-default-zone() {
    start_firewalld
    dump v4 v6
}

made[firewalld-with-the-tunnel-port-opened-inbound]="firewalld 1.3.3 (Debian 12), zone public, \`firewall-cmd --add-port=7844/tcp --add-port=7844/udp\`, with FirewallBackend=iptables, then iptables-save and ip6tables-save."
firewalld-with-the-tunnel-port-opened-inbound() {
    start_firewalld
    firewall-cmd --zone public --change-interface eth0
    firewall-cmd --add-port=7844/tcp --add-port=7844/udp
    dump v4 v6
}

# start_firewalld [BACKEND]
start_firewalld() {
    mkdir -p /run/dbus
    dbus-daemon --system --nofork --nopidfile &
    sed -i "s/^FirewallBackend=.*/FirewallBackend=${1:-iptables}/" /etc/firewalld/firewalld.conf
    firewalld --nofork --nopid >/tmp/firewalld.log 2>&1 &
    await firewall-cmd --state
}
