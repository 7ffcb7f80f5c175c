#!/bin/bash
say() { local text="$*"; iptables -A INPUT -m comment --comment "$text"; }
count() { iptables -A INPUT -m comment --comment "$# words"; }
set --
X="one  two"
EMPTY=
say "$X" $X
say 'single $X' "double \"$X\" \\ \$X" a\ b
say a"b c"'d'e $'f' "${X}g" ${X}h
count $X "$X" "" $EMPTY "$EMPTY"
count "$@"
say "${EMPTY:-default}" "${NEVER_SET:-default}" "${X:+set}" "${EMPTY:+set}"
say "$(echo plain words)" `echo ticks`
say con\
tinued "lines \
here"
say a#b # c
LIST=(x "y z")
LIST+=(w)
say "${LIST[@]}"
count "${LIST[@]}"
count ${LIST[@]}
N=5; N+=6; say $N
say a; say b && say c || say d
false || say e
! false && say f
true && false || say g
{ say h; say i; }
( X=inner; say "$X" )
say "$X"
