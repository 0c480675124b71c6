# Two commands are all a newcomer needs: make demo, make test.

SHELL       := /bin/bash
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS     := -s -w -X main.version=$(VERSION)
BUILD       := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 20s
SEED        ?= 1
DAYS        ?= 3
LONGEST     := ./test/system ./test/scenarios ./gateway/replicate ./central/store ./central/web
ARGS        ?=
OUTAGE      := cd test/outage && go run ./cmd/rollcall-outage

.PHONY: help demo test lint build race simulate outage-short outage soak outage-mutants fuzz bench deb clean tools

help: ## print this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: build ## run a campus: central, three gateways, twelve simulated readers (ARGS="--for 60s --json out.json")
	@bin/rollcall-campus --bin bin $(ARGS)

test: tools build lint race simulate outage-short ## everything: lint, all tests with the race detector, browser, system and monitoring tests
	@cd packaging/grafana/check && go test -count=1 ./... # a cached pass would not see the product change

lint: ## formatting, go vet, staticcheck
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted"; exit 1; }
	@go vet ./...
	@go run $(STATICCHECK) ./...
	@cd test/outage && go vet ./... && go run $(STATICCHECK) ./...
	@cd test/versus && go vet ./... && go run $(STATICCHECK) ./...

build: ## the shipped programs and the demo's runner, into bin/
	@mkdir -p bin
	@$(BUILD) -o bin/ ./gateway/cmd/rollcall-gateway ./central/cmd/rollcall-central ./test/sim/cmd/rollcall-campus

race: build ## all tests with the race detector
	@# Many wait for ttys more than for a processor, and the longest begin. Only SQLite's engine is not looked into: it is a
	@# translation of C with locks of its own, where the detector takes most of the time and finds nothing of ours.
	@CGO_ENABLED=1 go test -race -gcflags='modernc.org/...=-race=false' -p 3 -timeout 15m $(LONGEST) ./...
	@cd test/versus && go test -count=1 ./... # a cached pass would not see the product change

outage-short: ## break a campus for two minutes, and its fault tools' own tests (part of test; some kinds need root and FUSE)
	@cd test/outage && go test ./...
	@$(OUTAGE) short $(ARGS)

outage: ## every kind of fault and a thousand power cuts, and write the figures into README.md (ARGS="--seed 7 --kinds 1,10")
	@$(OUTAGE) run --readme ../../README.md $(ARGS)

soak: ## seed after seed until something breaks (ARGS="--for 10h")
	@$(OUTAGE) soak $(ARGS)

simulate: ## days of faults in fake time (SEED=1 DAYS=3): real Raft, Badger, TLS, HTTP and SQLite
	@go vet -tags simulation ./test/simulation ./gateway/replicate
	@go test -count=1 -tags simulation -timeout 60m ./test/simulation -run NothingIsLost -v -seed $(SEED) -days $(DAYS) | grep -E '^(simulation:|---|ok|FAIL|panic)|BROKEN'; exit $${PIPESTATUS[0]}

outage-mutants: ## plant eight bugs, one at a time, and write down which tests catch each (some minutes)
	@go run ./test/mutants -readme test/mutants/README.md -commit "$(VERSION)"

fuzz: ## every fuzz target for FUZZTIME each
	@test/fuzz.sh $(FUZZTIME)

bench: build ## measure, and write the figures into README.md
	@test/bench.sh

deb: ## packages for amd64 and arm64, into dist/
	@packaging/debian/build.sh

tools: ## install with apt what the tests need beyond Go, git and make
	@test/tools.sh

clean: ## remove what was built, and the demo's state
	@rm -rf bin dist .demo
