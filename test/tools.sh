#!/usr/bin/env bash
# Installs with apt what the tests need beyond Go, git and make, and says so. Does nothing when all of it is there.
set -euo pipefail

# command:package:what for; * finds a command that is not in the PATH
needs=(
  gcc:gcc:"the race detector"
  ld:binutils:"the race detector"
  chromium:chromium:"the tests of central's pages in a real browser"
  promtool:prometheus:"the tests of the alert rules"
  systemd-analyze:systemd:"the tests of the service units"
  nfc-list:libnfc-bin:"the test of the simulated PN532 against libnfc"
  nfc-poll:libnfc-examples:"the test of the simulated PN532 against libnfc"
  pn53x-tamashell:libnfc-pn53x-examples:"the test of the simulated PN532 against libnfc"
  mkfs.ext4:e2fsprogs:"the memory cards of the outage laboratory"
  mkfs.xfs:xfsprogs:"the memory cards of the outage laboratory"
  nsenter:util-linux:"the networks of the outage laboratory"
  "/usr/lib/postgresql/*/bin/initdb:postgresql:the tests of central's database, which start a server of their own"
)

missing=()
for need in "${needs[@]}"; do
  IFS=: read -r command package why <<<"$need"
  if ! command -v "$command" >/dev/null && ! compgen -G "$command" >/dev/null; then
    echo "tools: $command is missing, needed for $why: installing the package $package"
    missing+=("$package")
  fi
done
if [ -x "$(command -v gcc)" ] && ! echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1; then
  echo "tools: the C library's headers are missing, needed for the race detector: installing the package libc6-dev"
  missing+=(libc6-dev)
fi
for package in "${missing[@]:-}"; do
  if [ "$package" = gcc ]; then missing+=(libc6-dev); fi
done
[ "${#missing[@]}" -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "tools: run as root: apt-get install -y --no-install-recommends ${missing[*]}"; exit 3; }
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"
