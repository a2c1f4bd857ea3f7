# The verbs of this checkout; `make` alone lists them. Only Go is needed: the
# rest is fetched by it, and Node.js by apt-get where it is missing.

GO ?= go
TOOL := $(GO) tool -modfile=.ci/tools/go.mod
TESTFLAGS ?= -timeout=30m

.DEFAULT_GOAL := help
.PHONY: help run build test race check fmt lint vuln fuzz bench tools node clean go

help: ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: build ## start a throw-away server with examples/quickstart loaded
	@bin/quickstart

build: go ## build the binaries into bin/
	$(GO) build -o bin/ ./cmd/... ./examples/...

test: check lint vuln race fuzz ## everything: what CI runs

race: go node ## all tests, with the race detector where there is a C compiler
	@if CGO_ENABLED=1 $(GO) build -race runtime/cgo 2>/dev/null; then \
		set -x; CGO_ENABLED=1 $(GO) test -race $(TESTFLAGS) ./...; \
	else \
		echo 'make: NO RACE DETECTOR: it needs a C compiler (Debian: apt-get install gcc libc6-dev)'; \
		set -x; $(GO) test $(TESTFLAGS) ./...; \
	fi

check: go ## refuse files that gofmt would change
	@unformatted=$$(gofmt -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then \
		echo "make: not formatted; type: make fmt" >&2; echo "$$unformatted" >&2; exit 1; \
	fi

fmt: go ## format all Go files
	gofmt -w .

lint: go ## go vet and staticcheck
	$(GO) vet ./...
	$(TOOL) staticcheck ./...

vuln: go ## known vulnerabilities, where their database can be reached
	@.ci/vulncheck

fuzz: go ## every fuzz target for FUZZTIME (3s)
	@.ci/fuzz

bench: go ## all benchmarks, with allocations
	$(GO) test -run='^$$' -bench=. -benchmem $(TESTFLAGS) ./...

tools: go ## fetch and build the tools of lint and vuln ahead of time
	$(TOOL) staticcheck -version
	$(TOOL) govulncheck -version || true

node: ## install Node.js and npm, for the tests with OPA's clients, where they are missing
	@.ci/node

clean: ## remove what was built
	rm -rf bin

go:
	@command -v $(GO) >/dev/null || { \
		echo 'make: Go is missing: install Go 1.26 or newer, https://go.dev/doc/install' >&2; exit 1; }
