#!/usr/bin/env bash
# Prints the version of a Debian package for what git describe says of a commit: v1.2.3-rc1-4-gabc1234-dirty becomes
# 1.2.3~rc1+4.gabc1234.dirty, which dpkg sorts between its neighbours. Without an argument it describes the present commit.
set -euo pipefail

described=${1:-$(git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null ||
  echo "v0.0.0-$(git rev-list --count HEAD)-g$(git describe --always --dirty --exclude '*')")}
sed -E '
  s/^v//
  s/-dirty$/.dirty/
  s/-([0-9]+)-(g[0-9a-f]+)(\.dirty)?$/+\1.\2\3/
  /\+/! s/\.dirty$/+dirty/
  s/-/~/g
' <<<"$described"
