# Kubernetes nodes. Neither kubelet nor kube-proxy is in Debian: these are the rules that version 1.30
# writes for the services named here, chain names hashed as it hashes them. Sourced by ../make.sh.

made[a-kubernetes-node-with-kube-proxy]="The rules of kubelet and kube-proxy 1.30 (iptables mode, cluster 10.244.0.0/16) for the API server, the cluster's DNS and one service with a node port, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-kubernetes-node-with-kube-proxy() {
    kubelet_rules
    kube_proxy_rules
    kube_services
    dump v4 v6
}

made[a-kubernetes-node-with-flannel-and-a-host-port]="As the node with kube-proxy, with flannel's chains and the CNI portmap plugin's for one pod with hostPort 9100, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-kubernetes-node-with-flannel-and-a-host-port() {
    local dn=CNI-DN-5ba3f0d8a61c2fe47b9aa
    kubelet_rules
    kube_proxy_rules
    kube_services
    iptables -N FLANNEL-FWD
    iptables -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
    iptables -A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
    iptables -A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
    iptables -t nat -N FLANNEL-POSTRTG
    iptables -t nat -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
    flannel_masq -m mark --mark 0x4000/0x4000 -j RETURN
    flannel_masq -s 10.244.1.0/24 -d 10.244.0.0/16 -j RETURN
    flannel_masq -s 10.244.0.0/16 -d 10.244.1.0/24 -j RETURN
    flannel_masq ! -s 10.244.0.0/16 -d 10.244.1.0/24 -j RETURN
    flannel_masq -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully
    flannel_masq ! -s 10.244.0.0/16 -d 10.244.0.0/16 -j MASQUERADE --random-fully
    for chain in CNI-HOSTPORT-DNAT CNI-HOSTPORT-SETMARK CNI-HOSTPORT-MASQ $dn; do
        iptables -t nat -N $chain
    done
    iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
    iptables -t nat -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
    iptables -t nat -A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
    iptables -t nat -A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" \
        -j MARK --set-xmark 0x2000/0x2000
    iptables -t nat -A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
    iptables -t nat -A CNI-HOSTPORT-DNAT -p tcp \
        -m comment --comment 'dnat name: "cbr0" id: "0f6c7b0e1d7a4c52"' -m multiport --dports 9100 -j $dn
    iptables -t nat -A $dn -s 10.244.1.0/24 -p tcp -m tcp --dport 9100 -j CNI-HOSTPORT-SETMARK
    iptables -t nat -A $dn -s 127.0.0.1/32 -p tcp -m tcp --dport 9100 -j CNI-HOSTPORT-SETMARK
    iptables -t nat -A $dn -p tcp -m tcp --dport 9100 -j DNAT --to-destination 10.244.1.9:9100
    dump v4 v6
}

flannel_masq() {
    iptables -t nat -A FLANNEL-POSTRTG "$@" -m comment --comment "flanneld masq"
}

# What kubelet keeps: hints and canaries, and the guard of the loopback network (IPv4 alone).
kubelet_rules() {
    local tool table
    for tool in iptables ip6tables; do
        $tool -t mangle -N KUBE-IPTABLES-HINT
        for table in mangle nat filter; do
            $tool -t $table -N KUBE-KUBELET-CANARY
        done
        $tool -N KUBE-FIREWALL
        $tool -I INPUT -j KUBE-FIREWALL
        $tool -I OUTPUT -j KUBE-FIREWALL
    done
    iptables -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 \
        -m comment --comment "block incoming localnet connections" \
        -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
}

# The frame of kube-proxy, in both families: its chains, the jumps to them, marks and masquerading.
kube_proxy_rules() {
    local tool chain portals="kubernetes service portals"
    for tool in iptables ip6tables; do
        $tool -t mangle -N KUBE-PROXY-CANARY
        for chain in KUBE-PROXY-CANARY KUBE-SERVICES KUBE-NODEPORTS KUBE-POSTROUTING KUBE-MARK-MASQ; do
            $tool -t nat -N $chain
        done
        for chain in KUBE-PROXY-CANARY KUBE-SERVICES KUBE-NODEPORTS KUBE-EXTERNAL-SERVICES KUBE-FORWARD \
            KUBE-PROXY-FIREWALL; do
            $tool -N $chain
        done
        jump() { $tool -I "$1" -m conntrack --ctstate NEW -m comment --comment "$2" -j "$3"; }
        jump INPUT "kubernetes externally-visible service portals" KUBE-EXTERNAL-SERVICES
        jump FORWARD "kubernetes externally-visible service portals" KUBE-EXTERNAL-SERVICES
        $tool -I INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
        jump FORWARD "$portals" KUBE-SERVICES
        jump OUTPUT "$portals" KUBE-SERVICES
        $tool -I FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
        for chain in INPUT FORWARD OUTPUT; do
            jump $chain "kubernetes load balancer firewall" KUBE-PROXY-FIREWALL
        done
        $tool -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
        $tool -A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" \
            -m mark --mark 0x4000/0x4000 -j ACCEPT
        $tool -A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" \
            -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT

        $tool -t nat -I PREROUTING -m comment --comment "$portals" -j KUBE-SERVICES
        $tool -t nat -I OUTPUT -m comment --comment "$portals" -j KUBE-SERVICES
        $tool -t nat -I POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
        $tool -t nat -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
        $tool -t nat -A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
        $tool -t nat -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" \
            -j MASQUERADE --random-fully
        $tool -t nat -A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
    done
}

# The API server, the cluster's DNS, a shop with node port 30080, and a service without endpoints.
kube_services() {
    local api=NPX46M4PTMTKRN6Y dns=TCOU7JCQXEZGVUNU dns_tcp=ERIFXISQEP7F7OF4 shop=BILYYKAKWI7RYELB
    service default/kubernetes:https tcp $api 10.96.0.1 443 O7UXPAIOQA4W54LS 192.0.2.10:6443
    service kube-system/kube-dns:dns udp $dns 10.96.0.10 53 \
        YIL6JZP7A3QYXJU2 10.244.0.2:53 6E7XQMQ4RAYOWTTM 10.244.0.3:53
    service kube-system/kube-dns:dns-tcp tcp $dns_tcp 10.96.0.10 53 \
        IT2ZTR26TO4XFPTO 10.244.0.2:53 ZXMNUKOKXUTL2MK2 10.244.0.3:53
    service default/shop:http tcp $shop 10.103.20.7 80 \
        JPW6Q2U2IBNKGD55 10.244.1.5:8080 GK5VUM7X5O53J5ET 10.244.2.7:8080
    iptables -t nat -N KUBE-EXT-$shop
    iptables -t nat -A KUBE-EXT-$shop \
        -m comment --comment "masquerade traffic for default/shop:http external destinations" -j KUBE-MARK-MASQ
    iptables -t nat -A KUBE-EXT-$shop -j KUBE-SVC-$shop
    iptables -t nat -A KUBE-NODEPORTS -p tcp -m comment --comment default/shop:http \
        -m tcp --dport 30080 -j KUBE-EXT-$shop
    for tool in iptables ip6tables; do
        $tool -t nat -A KUBE-SERVICES -m comment --comment \
            "kubernetes service nodeports; NOTE: this must be the last rule in this chain" \
            -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
    done
    iptables -A KUBE-SERVICES -d 10.101.44.3/32 -p tcp \
        -m comment --comment "default/not-deployed-yet:http has no endpoints" -m tcp --dport 80 -j REJECT
}

# service NAME PROTOCOL HASH ADDRESS PORT [HASH ENDPOINT]...: its chain, those of its endpoints, and the
# balance between them.
service() {
    local name=$1 protocol=$2 hash=$3 address=$4 port=$5 left probability
    shift 5
    iptables -t nat -N KUBE-SVC-$hash
    iptables -t nat -A KUBE-SERVICES -d $address/32 -p $protocol -m comment --comment "$name cluster IP" \
        -m $protocol --dport $port -j KUBE-SVC-$hash
    iptables -t nat -A KUBE-SVC-$hash ! -s 10.244.0.0/16 -d $address/32 -p $protocol \
        -m comment --comment "$name cluster IP" -m $protocol --dport $port -j KUBE-MARK-MASQ
    while [ $# -gt 0 ]; do
        left=$(($# / 2))
        probability=()
        [ $left -eq 1 ] || probability=(-m statistic --mode random --probability "0.5")
        iptables -t nat -N KUBE-SEP-$1
        iptables -t nat -A KUBE-SVC-$hash -m comment --comment "$name -> $2" "${probability[@]}" -j KUBE-SEP-$1
        iptables -t nat -A KUBE-SEP-$1 -s ${2%:*}/32 -m comment --comment "$name" -j KUBE-MARK-MASQ
        iptables -t nat -A KUBE-SEP-$1 -p $protocol -m comment --comment "$name" -m $protocol \
            -j DNAT --to-destination $2
        shift 2
    done
}
