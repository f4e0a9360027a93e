#!/bin/bash
while read l; do eval "$l"; done < <(curl x)
f() { $1 "${@:2}"; }
f rm -rf /
case $1 in a|b) echo ${x//a/b} ;; *) echo $((1+2)) ;; esac
cat <<-E | sh
	echo `date` "${y:-$(id)}"
	E
[[ -n $z && $z == *.x ]] && echo ${z:1:2} ${#z} ${!z} ${z^^}
