#!/bin/bash
set -euo pipefail
apply() {
  local ipt=$1
  if "$ipt" -n -L web >/dev/null 2>&1; then "$ipt" -F web; else "$ipt" -N web; fi
  while "$ipt" -D INPUT -j web 2>/dev/null; do :; done
  "$ipt" -I INPUT -j web
  for mac in "${MACS[@]}"; do "$ipt" -A web -m mac --mac-source "$mac" -j ACCEPT; done
}
die() { echo "error: $*" >&2; exit 1; }
MACS=()
[[ $(id -u) -eq 0 ]] || die "run as root"
while read -r mac; do MACS+=("$mac"); done < /etc/macs
[ ${#MACS[@]} -gt 0 ] || die "no macs"
apply iptables
