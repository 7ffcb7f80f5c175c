# Hosts that many people have. Sourced by ../make.sh.

made[a-fresh-debian]="A machine with iptables-legacy and no rule, after \`iptables -L\` and \`ip6tables -L\` had made the tables; then iptables-save and ip6tables-save."
a-fresh-debian() {
    use_legacy_backend
    iptables -L
    ip6tables -L
    dump v4 v6
}

made[a-fresh-debian-with-empty-dumps]="Debian 12 as installed, no table yet: what iptables-save and ip6tables-save print then, which is nothing."
a-fresh-debian-with-empty-dumps() {
    dump v4 v6
}

made[cloudflares-recipe]="The commands of ../cloudflares-recipe-as-commands/setup.sh, then iptables-save."
cloudflares-recipe() {
    sed 's/^sudo //' /run/makers/cloudflares-recipe-as-commands/setup.sh | bash -ex
    dump v4
}

packages[ufw-with-fail2ban]="fail2ban"
made[ufw-with-fail2ban]="ufw 0.36.2 with SSH allowed and fail2ban 1.0.2 (Debian 12, jail sshd) with one address of each family banned, then iptables-save and ip6tables-save."
ufw-with-fail2ban() {
    ufw allow 22/tcp
    ufw --force enable
    mkdir -p /run/fail2ban /var/lib/fail2ban
    touch /var/log/auth.log
    fail2ban-client -x start
    await fail2ban-client status sshd
    fail2ban-client set sshd banip 203.0.113.99
    fail2ban-client set sshd banip 2001:db8:bad::1
    await sh -c "iptables-save | grep -q 203.0.113.99 && ip6tables-save | grep -q 2001:db8:bad::1"
    dump v4 v6
    fail2ban-client stop
}

packages[libvirt-default-network]="libvirt-daemon libvirt-clients libvirt-daemon-config-network libvirt0 dnsmasq-base dmidecode libdevmapper1.02.1 libnl-3-200 libnuma1 libparted2 libssh-4 libyajl2"
made[libvirt-default-network]="libvirt 9.0.0 (Debian 12), network default started, then iptables-save and ip6tables-save."
libvirt-default-network() {
    export LIBVIRT_DEFAULT_URI=network:///system
    useradd --system dnsmasq
    useradd --system libvirt-dnsmasq
    groupadd libvirt
    mkdir -p /run/dbus
    dbus-daemon --system --nofork --nopidfile &
    libvirtd &
    await virsh net-list
    virsh net-define /usr/share/libvirt/networks/default.xml
    virsh net-start default
    dump v4 v6
    virsh net-destroy default
}

packages[a-shorewall-router]="shorewall shorewall-core"
made[a-shorewall-router]="Shorewall 5.2.8 (Debian 12) with its own example for two interfaces, started, then iptables-save."
a-shorewall-router() {
    ip link add eth1 type veth peer name peer1
    ip addr add 10.10.10.1/24 dev eth1
    ip link set peer1 up
    ip link set eth1 up
    cp /usr/share/doc/shorewall/examples/two-interfaces/* /etc/shorewall/
    sed -i 's/^STARTUP_ENABLED=.*/STARTUP_ENABLED=Yes/' /etc/shorewall/shorewall.conf
    shorewall start
    dump v4
    # These two names hold a sum over the times of its files.
    sed -i -E 's/^:sha-lh-[0-9a-f]+/:sha-lh-c8eaa6f1408bb97718b0/; s/^:sha-rh-[0-9a-f]+/:sha-rh-64ba26ddc40b33263a8a/' \
        /run/work/out/rules.v4
}

made[a-tailscale-host]="The rules of tailscaled 1.80 (netfilter mode on, stateful filtering on), written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-tailscale-host() {
    local tool chain
    for tool in iptables ip6tables; do
        for chain in input forward; do
            $tool -N ts-$chain
            $tool -I ${chain^^} -j ts-$chain
        done
        $tool -t nat -N ts-postrouting
        $tool -t nat -I POSTROUTING -j ts-postrouting
    done
    iptables -A ts-input -s 100.101.102.103/32 -i lo -j ACCEPT
    ip6tables -A ts-input -s fd7a:115c:a1e0::6601:6667/128 -i lo -j ACCEPT
    iptables -A ts-input ! -i tailscale0 -s 100.115.92.0/23 -j RETURN
    iptables -A ts-input ! -i tailscale0 -s 100.64.0.0/10 -j DROP
    for tool in iptables ip6tables; do
        $tool -A ts-input -i tailscale0 -j ACCEPT
        $tool -A ts-input -p udp --dport 41641 -j ACCEPT
        $tool -A ts-forward -i tailscale0 -j MARK --set-mark 0x40000/0xff0000
        $tool -A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT
        [ $tool = ip6tables ] || $tool -A ts-forward -o tailscale0 -s 100.64.0.0/10 -j DROP
        $tool -A ts-forward -o tailscale0 -m conntrack ! --ctstate ESTABLISHED,RELATED -j DROP
        $tool -A ts-forward -o tailscale0 -j ACCEPT
        $tool -t nat -A ts-postrouting -m mark --mark 0x40000/0xff0000 -j MASQUERADE
    done
    dump v4 v6
}

made[centos-7-default]="The rules that the package iptables-services of CentOS 7 installs, written by hand, loaded into the kernel by iptables-legacy, then iptables-save and ip6tables-save."
centos-7-default() {
    use_legacy_backend
    centos iptables icmp icmp-host-prohibited
    centos ip6tables ipv6-icmp icmp6-adm-prohibited
    # Before the rule that refuses the rest.
    ip6tables -I INPUT 5 -d fe80::/64 -p udp -m udp --dport 546 -m state --state NEW -j ACCEPT
    dump v4 v6
}

centos() {
    local tool=$1 icmp=$2 answer=$3
    $tool -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
    $tool -A INPUT -p $icmp -j ACCEPT
    $tool -A INPUT -i lo -j ACCEPT
    $tool -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
    $tool -A INPUT -j REJECT --reject-with $answer
    $tool -A FORWARD -j REJECT --reject-with $answer
}

made[an-oracle-cloud-image]="The rules that Oracle Cloud's Ubuntu images ship (two of the boot volume's networks), written by hand, loaded into the kernel, then iptables-save."
an-oracle-cloud-image() {
    iptables -N InstanceServices
    iptables -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
    iptables -A INPUT -p icmp -j ACCEPT
    iptables -A INPUT -i lo -j ACCEPT
    iptables -A INPUT -p udp -m udp --sport 123 -j ACCEPT
    iptables -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
    iptables -A INPUT -j REJECT --reject-with icmp-host-prohibited
    iptables -A FORWARD -j REJECT --reject-with icmp-host-prohibited
    iptables -A OUTPUT -d 169.254.0.0/16 -j InstanceServices
    instance_service 169.254.0.2/32 -p tcp -m owner --uid-owner 0 -m tcp --dport 3260 -j ACCEPT
    instance_service 169.254.2.0/24 -p tcp -m owner --uid-owner 0 -m tcp --dport 3260 -j ACCEPT
    instance_service 169.254.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT
    instance_service 169.254.169.254/32 -p udp -m udp --dport 53 -j ACCEPT
    instance_service 169.254.169.254/32 -p tcp -m tcp --dport 53 -j ACCEPT
    instance_service 169.254.0.3/32 -p tcp -m owner --uid-owner 0 -m tcp --dport 80 -j ACCEPT
    instance_service 169.254.0.4/32 -p tcp -m tcp --dport 80 -j ACCEPT
    instance_service 169.254.169.254/32 -p tcp -m tcp --dport 80 -j ACCEPT
    instance_service 169.254.169.254/32 -p udp -m udp --dport 67 -j ACCEPT
    instance_service 169.254.169.254/32 -p udp -m udp --dport 69 -j ACCEPT
    instance_service 169.254.169.254/32 -p udp -m udp --dport 123 -j ACCEPT
    instance_service 169.254.0.0/16 -p tcp -m tcp -j REJECT --reject-with tcp-reset
    instance_service 169.254.0.0/16 -p udp -m udp -j REJECT --reject-with icmp-port-unreachable
    dump v4
}

instance_service() {
    local addresses=$1
    shift
    iptables -A InstanceServices -d "$addresses" "$@" -m comment --comment "platform service, see the image's documentation"
}

made[a-vpn-kill-switch]="wg-quick's own rules for wg0 and the kill switch of a VPN provider's PostUp, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-vpn-kill-switch() {
    use_legacy_backend
    iptables -t raw -A PREROUTING ! -i wg0 -d 10.64.10.2/32 -m addrtype ! --src-type LOCAL \
        -m comment --comment "wg-quick(8) rule for wg0" -j DROP
    ip6tables -t raw -A PREROUTING ! -i wg0 -d fc00:bbbb:bbbb:bb01::2/128 -m addrtype ! --src-type LOCAL \
        -m comment --comment "wg-quick(8) rule for wg0" -j DROP
    for tool in iptables ip6tables; do
        $tool -t mangle -A POSTROUTING -p udp -m mark --mark 0xca6c \
            -m comment --comment "wg-quick(8) rule for wg0" -j CONNMARK --save-mark
        $tool -t mangle -A PREROUTING -p udp -m comment --comment "wg-quick(8) rule for wg0" -j CONNMARK --restore-mark
        $tool -I OUTPUT ! -o wg0 -m mark ! --mark 0xca6c -m addrtype ! --dst-type LOCAL -j REJECT
    done
    dump v4 v6
}

made[a-home-router-with-nat]="A router of two networks with a published web server and the tunnel on the router itself, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-home-router-with-nat() {
    local tool
    for tool in iptables ip6tables; do
        $tool -P INPUT DROP
        $tool -P FORWARD DROP
        $tool -A INPUT -i lo -j ACCEPT
        $tool -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        $tool -A INPUT -m conntrack --ctstate INVALID -j DROP
        $tool -A INPUT -i lan0 -j ACCEPT
        $tool -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        $tool -A FORWARD -m conntrack --ctstate INVALID -j DROP
        $tool -A FORWARD -i lan0 -o ppp0 -j ACCEPT
        $tool -t mangle -A FORWARD -o ppp0 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
    done
    iptables -A INPUT -p icmp --icmp-type echo-request -m limit --limit 5/second -j ACCEPT
    ip6tables -A INPUT -p icmpv6 -j ACCEPT
    iptables -t nat -A PREROUTING -i ppp0 -p tcp --dport 443 -j DNAT --to-destination 192.168.1.20:8443
    iptables -A FORWARD -i ppp0 -d 192.168.1.20/32 -p tcp --dport 8443 -m conntrack --ctstate NEW -j ACCEPT
    ip6tables -A FORWARD -p icmpv6 -j ACCEPT
    iptables -t nat -A POSTROUTING -s 192.168.1.0/24 -o ppp0 -j MASQUERADE
    dump v4 v6
}

made[a-hardening-guides-rules]="What hardening guides advise (invalid packets, floods, scans and SSH guessing stopped, HTTP open), written by hand, loaded into the kernel, then iptables-save."
a-hardening-guides-rules() {
    iptables -t mangle -A PREROUTING -m conntrack --ctstate INVALID -j DROP
    iptables -t mangle -A PREROUTING -p tcp ! --syn -m conntrack --ctstate NEW -j DROP
    iptables -t mangle -A PREROUTING -p tcp -m conntrack --ctstate NEW -m tcpmss ! --mss 536:65535 -j DROP
    for flags in "ALL NONE" "ALL ALL" "SYN,RST SYN,RST" "SYN,FIN SYN,FIN" "FIN,RST FIN,RST" "ACK,FIN FIN"; do
        iptables -t mangle -A PREROUTING -p tcp --tcp-flags $flags -j DROP
    done
    for network in 224.0.0.0/4 169.254.0.0/16 192.0.2.0/24 240.0.0.0/5 0.0.0.0/8; do
        iptables -t mangle -A PREROUTING -s $network ! -i lo -j DROP
    done
    iptables -t mangle -A PREROUTING -s 127.0.0.0/8 ! -i lo -j DROP
    iptables -t mangle -A PREROUTING -f -j DROP
    iptables -N syn-flood
    iptables -A syn-flood -m limit --limit 25/second --limit-burst 50 -j RETURN
    iptables -A syn-flood -j LOG --log-prefix "SYN flood: "
    iptables -A syn-flood -j DROP
    iptables -A INPUT -i lo -j ACCEPT
    iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A INPUT -p tcp --syn -j syn-flood
    iptables -A INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -m recent --name ssh --set
    iptables -A INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -m recent --name ssh --update --seconds 60 --hitcount 4 -j DROP
    iptables -A INPUT -p tcp --dport 22 -j ACCEPT
    iptables -A INPUT -p tcp -m multiport --dports 80,443 -m connlimit --connlimit-above 80 -j REJECT --reject-with tcp-reset
    iptables -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
    iptables -A INPUT -p icmp --icmp-type echo-request -m hashlimit --hashlimit-upto 1/second --hashlimit-mode srcip --hashlimit-name ping -j ACCEPT
    iptables -A INPUT -m limit --limit 5/minute -j LOG --log-prefix "dropped: "
    iptables -A INPUT -j DROP
    iptables -P FORWARD DROP
    dump v4
}
