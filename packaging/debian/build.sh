#!/usr/bin/env bash
# Builds the packages rollcall-gateway and rollcall-central into dist/, for the architectures named (default: amd64 arm64).
# Everything is built twice, and the two must be the same to the last octet: who wants to check a release can.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2 # the newest whose modules all resolve
architectures=("$@")
[ "${#architectures[@]}" -gt 0 ] || architectures=(amd64 arm64)

VERSION=$(packaging/debian/version.sh)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export VERSION SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p dist

build() { # <architecture> <directory>
  CGO_ENABLED=0 GOOS=linux GOARCH=$1 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o "$2/" \
    ./gateway/cmd/rollcall-gateway ./central/cmd/rollcall-central
}

# The licences of what is compiled in ask to be passed on with the program.
notice() { # <program>
  local module version dir
  echo "Compiled into this program:"
  echo
  echo "=== Go standard library and runtime"
  cat "$(go env GOROOT)/LICENSE"
  go version -m "$1" | awk '$1 == "dep" {print $2, $3}' | while read -r module version; do
    dir=$(go list -m -f '{{.Dir}}' "$module")
    echo
    echo "=== $module $version"
    find "$dir" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | LC_ALL=C sort | xargs -r -d '\n' cat
  done
  [ "${1##*/}" = rollcall-central ] || return 0
  for dir in central/web/assets/*LICENSE.txt central/web/assets/*/LICENSE.txt; do
    echo
    echo "=== $dir"
    cat "$dir"
  done
}

documents() { # <package> <directory with the program>
  local docs=$2/doc-$1
  mkdir -p "$docs"
  notice "$2/$1" | gzip -9n >"$docs/NOTICE.gz"
  gzip -9n <CHANGELOG.md >"$docs/changelog.gz"
  gzip -9n >"$docs/changelog.Debian.gz" <<END
$1 ($VERSION) stable; urgency=medium

  * Release $VERSION; what changed is in changelog.gz.

 -- Rollcall maintainers <rollcall@example.ac.uk>  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END
}

package() { # <package> <architecture> <directory with programs> <directory for the package>
  ARCH=$2 STAGE=$3 go run "$nfpm" package --packager deb --config "packaging/debian/nfpm-${1#rollcall-}.yaml" --target "$4/" >/dev/null
}

for architecture in "${architectures[@]}"; do
  for round in first second; do
    stage=$work/$architecture-$round
    mkdir -p "$stage/out"
    build "$architecture" "$stage"
    for name in rollcall-gateway rollcall-central; do
      documents "$name" "$stage"
      package "$name" "$architecture" "$stage" "$stage/out"
    done
  done
  (cd "$work/$architecture-first/out" && sha256sum ./*.deb) >"$work/sums"
  (cd "$work/$architecture-second/out" && sha256sum --quiet --check "$work/sums") ||
    { echo "build: two builds for $architecture differ: something in them depends on time, place or order, or a file changed meanwhile" >&2; exit 1; }
  cp "$work/$architecture-first/out/"*.deb dist/
  (cd dist && ls -1 "rollcall-"*"_${VERSION}_${architecture}.deb")
done
