# Docker: the real dockerd with a file system driver that needs nothing of the kernel. Its rules do not
# depend on that. Sourced by ../make.sh.

made[a-fresh-docker-host]="Docker 20.10.24 (Debian 12), just started: dockerd in a private namespace, then iptables-save."
a-fresh-docker-host() {
    start_dockerd
    dump v4
    stop_dockerd
}

made[a-docker-host-with-a-published-port]="Docker 20.10.24 (Debian 12) with one container, \`docker run -p 8080:80\`: real dockerd, then iptables-save."
a-docker-host-with-a-published-port() {
    start_dockerd
    run_container -p 8080:80
    dump v4
    stop_dockerd
}

made[a-docker-host-with-ipv6-and-a-port-for-this-machine-alone]="Docker 20.10.24 (Debian 12) with --ip6tables, one container with -p 127.0.0.1:5432:5432 and one with -p 8080:80: real dockerd, then iptables-save and ip6tables-save."
a-docker-host-with-ipv6-and-a-port-for-this-machine-alone() {
    start_dockerd --experimental --ipv6 --ip6tables --fixed-cidr-v6 fd00:172:17::/64
    run_container -p 127.0.0.1:5432:5432
    run_container -p 8080:80
    dump v4 v6
    stop_dockerd
}

start_dockerd() {
    local controller
    mount -t tmpfs tmpfs /sys/fs/cgroup
    for controller in blkio cpu cpuacct cpuset devices freezer memory pids; do
        mkdir /sys/fs/cgroup/$controller
        mount -t cgroup -o $controller cgroup /sys/fs/cgroup/$controller
    done
    # In a chroot runc cannot pivot its root; this makes it move it.
    export DOCKER_RAMDISK=1 DOCKER_HOST=unix:///run/docker.sock
    dockerd --data-root /tmp/docker --exec-root /run/docker --host $DOCKER_HOST --pidfile /run/docker.pid \
        --storage-driver vfs "$@" >/tmp/dockerd.log 2>&1 &
    await docker version
}

# A container that only sleeps, made of the sandbox's own files.
run_container() {
    local libraries
    libraries=$(ldd /bin/sleep | grep -o '/[^ ]*')
    tar -ch /bin/sleep $libraries 2>/dev/null | docker import - sleeper
    docker run --detach "$@" sleeper /bin/sleep 1000
}

# Containers, dockerd, and the control groups that it made.
stop_dockerd() {
    local containers
    containers=$(docker ps --quiet)
    [ -z "$containers" ] || docker rm --force $containers
    kill "$(cat /run/docker.pid)"
    wait
    find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -name docker -exec rmdir {} +
}

made[a-docker-29-host]="The rules of Docker 29 (which is not in Debian 12) with one container, \`docker run -p 8080:80\`, written by hand, loaded into the kernel, then iptables-save and ip6tables-save."
a-docker-29-host() {
    local tool chain
    for tool in iptables ip6tables; do
        for chain in DOCKER DOCKER-BRIDGE DOCKER-CT DOCKER-FORWARD DOCKER-INTERNAL DOCKER-USER; do
            $tool -N $chain
        done
        $tool -A FORWARD -j DOCKER-USER
        $tool -A FORWARD -j DOCKER-FORWARD
        for chain in DOCKER-CT DOCKER-INTERNAL DOCKER-BRIDGE; do
            $tool -A DOCKER-FORWARD -j $chain
        done
        $tool -t nat -N DOCKER
        $tool -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
    done
    iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
    ip6tables -t nat -A OUTPUT ! -d ::1/128 -m addrtype --dst-type LOCAL -j DOCKER
    iptables -P FORWARD DROP
    iptables -A DOCKER-FORWARD -i docker0 -j ACCEPT
    iptables -A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A DOCKER-BRIDGE -o docker0 -j DOCKER
    iptables -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
    iptables -A DOCKER ! -i docker0 -o docker0 -j DROP
    iptables -t raw -A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP
    iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
    iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
    dump v4 v6
}
