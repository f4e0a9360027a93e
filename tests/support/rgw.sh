#!/bin/bash
# A Ceph object gateway of one's own, in a directory of one's own, in memory: for tests of the S3 store.
#   rgw.sh start DIR [PORT]   starts a monitor, a storage daemon (memstore) and the gateway; writes DIR/env (GATEHOUSE_TEST_S3_…)
#   rgw.sh stop DIR           ends what start began
# Needs Debian's radosgw, ceph-mon, ceph-osd, curl (script/setup full). Runs as whoever calls it; listens on 127.0.0.1 only.
set -euo pipefail
action=${1:?start or stop}
dir=$(mkdir -p "${2:?directory}" && cd "$2" && pwd)
conf=$dir/ceph.conf

stop() {
	for p in rgw osd mon; do
		if [ -s "$dir/$p.pid" ]; then
			kill "$(cat "$dir/$p.pid")" 2>/dev/null || true
		fi
	done
	for _ in $(seq 50); do
		alive=0
		for p in rgw osd mon; do
			if [ -s "$dir/$p.pid" ] && kill -0 "$(cat "$dir/$p.pid")" 2>/dev/null; then alive=1; fi
		done
		[ $alive = 1 ] || return 0
		sleep 0.1
	done
	for p in rgw osd mon; do
		if [ -s "$dir/$p.pid" ]; then kill -9 "$(cat "$dir/$p.pid")" 2>/dev/null || true; fi
	done
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# run NAME PROGRAM…: in the background, its process id in DIR/NAME.pid, what it says in DIR/NAME.log
run() {
	local name=$1
	shift
	setsid "$@" >"$dir/$name.log" 2>&1 </dev/null &
	echo $! >"$dir/$name.pid"
}

if [ "$action" = stop ]; then
	stop
	exit 0
fi
for p in ceph-mon ceph-osd radosgw radosgw-admin monmaptool; do
	if ! command -v $p >/dev/null; then
		echo "rgw.sh: $p is not installed (script/setup full)" >&2
		exit 3
	fi
done
port=${3:-$(free_port)}
monport=$(free_port)
fsid=$(python3 -c 'import uuid; print(uuid.uuid4())')
mkdir -p "$dir/mon" "$dir/osd" "$dir/run"
cat >"$conf" <<END
[global]
fsid = $fsid
mon host = v1:127.0.0.1:$monport
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
run dir = $dir/run
admin socket =
log file =
log to stderr = true
err to stderr = true
mon cluster log to file = false
pid file =
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data = $dir/mon
mon data avail crit = 1
mon data avail warn = 2
osd data = $dir/osd
osd journal = $dir/osd/journal
osd objectstore = memstore
memstore device bytes = 3221225472
osd op num shards = 1
rgw frontends = beast endpoint=127.0.0.1:$port
rgw dns name = localhost
rgw thread pool size = 16
rgw data = $dir/run
rgw cache enabled = true
keyring = $dir/keyring
END
: >"$dir/keyring"
monmaptool --create --addv a "[v1:127.0.0.1:$monport]" --fsid "$fsid" --clobber "$dir/monmap" >/dev/null
ceph-mon -c "$conf" -i a --mkfs --monmap "$dir/monmap" >"$dir/mkfs.log" 2>&1
run mon ceph-mon -c "$conf" -i a -f
timeout 60 ceph -c "$conf" --connect-timeout 50 osd new "$(python3 -c 'import uuid; print(uuid.uuid4())' | tee "$dir/osd.uuid")" >/dev/null
ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$(cat "$dir/osd.uuid")" >>"$dir/mkfs.log" 2>&1
run osd ceph-osd -c "$conf" -i 0 -f
run rgw radosgw -c "$conf" -n client.rgw -f
for _ in $(seq 240); do
	if ! kill -0 "$(cat "$dir/rgw.pid")" 2>/dev/null || ! kill -0 "$(cat "$dir/osd.pid")" 2>/dev/null; then
		echo "rgw.sh: the gateway or the storage daemon ended: see $dir/*.log" >&2
		tail -n 5 "$dir"/{mon,osd,rgw}.log >&2
		stop
		exit 2
	fi
	if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
		break
	fi
	sleep 0.25
done
access=$(head -c 10 /dev/urandom | od -An -tx1 | tr -d ' \n')
secret=$(head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n')
timeout 60 radosgw-admin -c "$conf" -n client.rgw user create --uid gatehouse --display-name gatehouse \
	--access-key "$access" --secret-key "$secret" >"$dir/user.log" 2>&1
cat >"$dir/env" <<END
GATEHOUSE_TEST_S3_ENDPOINT=http://127.0.0.1:$port
GATEHOUSE_TEST_S3_PORT=$port
AWS_ACCESS_KEY_ID=$access
AWS_SECRET_ACCESS_KEY=$secret
END
chmod 600 "$dir/env"
# The bucket of the tests.
made=$(curl -sS -o "$dir/bucket.log" -w '%{http_code}' --aws-sigv4 aws:amz:us-east-1:s3 -u "$access:$secret" -X PUT \
	-H "x-amz-content-sha256: $(printf '' | sha256sum | cut -d' ' -f1)" "http://127.0.0.1:$port/bucket")
if [ "$made" != 200 ]; then
	echo "rgw.sh: cannot make a bucket: $made" >&2
	exit 2
fi
echo "rgw.sh: http://127.0.0.1:$port"
