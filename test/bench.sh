#!/usr/bin/env bash
# Measures on this machine, in half an hour and three minutes more, and writes the figures into README.md: rollcall-bench those of
# Rollcall, rollcall-versus those beside etcd. Leave the machine alone meanwhile.
#
# --only versus measures beside etcd alone and replaces that section alone; --brief shows in a few minutes that all works. Other
# arguments go to rollcall-bench, for example --students 4000, or --only light,storage; --help tells them all.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
mkdir -p bin

bench() {
  CGO_ENABLED=0 go build -trimpath -o bin/rollcall-bench ./test/load/cmd/rollcall-bench
  bin/rollcall-bench --bin bin --dir bin --readme README.md --commit "$commit" "$@"
}

# etcd comes out of Debian's package without being installed: installing it would start a service.
get_etcd() {
  command -v etcd >/dev/null || [ -x bin/etcd/usr/bin/etcd ] && return
  echo "bench: etcd is missing, needed to measure beside it: taking it out of Debian's package etcd-server, into bin/etcd"
  (cd bin && apt-get download -q etcd-server && dpkg-deb -x etcd-server_*.deb etcd && rm etcd-server_*.deb) ||
    echo "bench: no such package can be had here; the gateways are measured alone"
}

versus() {
  get_etcd
  (cd test/versus && CGO_ENABLED=0 go build -trimpath -o ../../bin/rollcall-versus ./cmd/rollcall-versus)
  PATH="$PATH:$PWD/bin/etcd/usr/bin" bin/rollcall-versus --dir bin --readme README.md --commit "$commit" "$@"
}

case " $* " in
  " --only versus ") versus ;;
  " --only versus --brief " | " --brief --only versus ") versus --brief ;;
  "  ") bench && versus ;;
  " --brief ") bench --brief && versus --brief ;;
  *) bench "$@" ;;
esac
