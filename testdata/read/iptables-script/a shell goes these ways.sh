#!/bin/bash
note() { iptables -A INPUT -m comment --comment "$*"; }
x=global
shadow() { local x=$1; note in $x; shift; note left $#; inner; }
inner() { note inner $x; }
shadow local more
note out $x
each() { for word; do note each $word; done; }
each p "q r"
set -- first second
note $1 $2
shift
note $1
for i in 1 2 3; do
    if [ $i -eq 2 ]; then continue; fi
    for j in a b c; do
        [ $j = c ] && break
        note $i $j
    done
done
case "$x" in
    local) note wrong ;;
    g*l|other) note glob ;;
    *) note never ;;
esac
case abc in a?c) note question ;; esac
if [ -z "$x" ]; then note empty
elif [[ $x == global ]]; then note elif
else note else; fi
if ! false; then note negated; fi
until true; do note until; done
while false; do note while; done
early() { note before; return 0; note after; }
early && note returned
fails() { return 1; }
fails || note failed
for pair in x{7..8}; do note $pair; done
test 3 -gt 2 && note greater
[ "$x" != global ] || note same
unset x
note "unset [$x]"
iptables -D INPUT -m comment --comment "unset []" || note not there
iptables -N twice; iptables -N twice 2>/dev/null || note there
if iptables -C INPUT -m comment --comment same 2>/dev/null; then note found; fi
while iptables -D INPUT -m comment --comment "in local" 2>/dev/null; do note gone; done
