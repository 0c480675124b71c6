#!/usr/bin/env bash
# Measures on this machine, in half an hour, and writes the figures into README.md. Leave the machine alone meanwhile.
# Arguments go to rollcall-bench, for example --brief, --students 4000, or --only light,storage; --help tells them all.
set -euo pipefail
cd "$(dirname "$0")/.."
CGO_ENABLED=0 go build -trimpath -o bin/rollcall-bench ./test/load/cmd/rollcall-bench
exec bin/rollcall-bench --bin bin --dir bin --readme README.md --commit "$(git describe --tags --always --dirty 2>/dev/null || echo unknown)" "$@"
