# The same programs, as `nft list ruleset` shows their rules. Sourced by ../make.sh.

made[../hosts-nft/firewalld-default-zone]="firewalld 1.3.3 (Debian 12) as installed (zone public, FirewallBackend=nftables), then \`nft list ruleset\`."
../hosts-nft/firewalld-default-zone() {
    start_firewalld nftables
    dump nft
}

made[../hosts-nft/ufw-enabled-with-ssh-allowed]="ufw 0.36.2 (Debian 12) with iptables-nft, \`ufw allow 22/tcp\` and \`ufw enable\` with IPV6=yes, then \`nft list ruleset\`."
../hosts-nft/ufw-enabled-with-ssh-allowed() {
    ufw allow 22/tcp
    ufw --force enable
    dump nft
}

made[../hosts-nft/a-docker-host-with-a-published-port]="Docker 20.10.24 (Debian 12) with iptables-nft and one container, \`docker run -p 8080:80\`, then \`nft list ruleset\`."
../hosts-nft/a-docker-host-with-a-published-port() {
    start_dockerd
    run_container -p 8080:80
    dump nft
    stop_dockerd
}
