# Holdfast: what one does with the source. `make` alone prints this list.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO ?= go
BIN := bin/holdfast
GOLANGCI_LINT := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.1.4
# Packages with golden files, whose tests have a flag -update.
GOLDEN = $(shell grep -rl --include='*_test.go' 'holdfast/internal/golden"' . | xargs -n1 dirname | sort -u)

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/holdfast, static
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/holdfast

.PHONY: deps
deps: ## find or install redis-server, PostgreSQL, moto and Chromium for the integration tests
	scripts/deps.sh

.PHONY: demo
demo: build ## a night of backups on a simulated organization, in a minute
	./$(BIN) demo

.PHONY: test
test: deps ## every test, with real Redis, PostgreSQL and moto
	$(GO) test -shuffle=on -timeout 60m ./...

.PHONY: test-short
test-short: ## the tests that need nothing but Go
	$(GO) test -short -shuffle=on -timeout 10m ./...

.PHONY: race
race: deps ## every test under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -shuffle=on -timeout 60m ./...

.PHONY: lint
lint: ## check formatting and style with a pinned golangci-lint
	@test -z "$$(gofmt -l .)" || { echo "not formatted, run make fmt:"; gofmt -l .; exit 1; }
	$(GOLANGCI_LINT) run --timeout 15m ./...

.PHONY: vuln
vuln: ## look for known vulnerabilities in what we import (needs the network)
	$(GOVULNCHECK) ./...

.PHONY: fleet
fleet: build deps ## run schedulers, workers and web on real Redis, PostgreSQL and moto until Ctrl-C
	$(GO) build -o bin/localfleet ./internal/fleet/localfleet
	exec ./bin/localfleet

.PHONY: chaos
chaos: deps ## break a whole installation on purpose and count what came of it: SEEDS=20 SEED_FROM=1 OUTPUT=json
	$(GO) run ./test/chaos/suite -seeds $${SEEDS:-1} -from $${SEED_FROM:-1} -output $${OUTPUT:-text}

.PHONY: bench
bench: deps ## measure speed and memory beside plain asynq, slots beside its semaphore, API budgets beside the SDK, reports on a million jobs, and the AWS calls of every kind, about twenty minutes
	$(GO) run ./bench/pipeline --output $${OUTPUT:-text}
	$(GO) run ./bench/admission --output $${OUTPUT:-text}
	$(GO) run ./bench/budget --output $${OUTPUT:-text}
	$(GO) run ./bench/pages --output $${OUTPUT:-text}
	$(GO) run ./bench/report --output $${OUTPUT:-text}
	$(GO) run ./bench/calls --output $${OUTPUT:-text}

.PHONY: fuzz
fuzz: ## fuzz every fuzz target for FUZZTIME each (default 30s)
	@grep -rn --include='*_test.go' -oE '^func Fuzz[A-Za-z0-9]+' . | sed -E 's/^(.*)\/[^/]+:[0-9]+:func (.*)$$/\1 \2/' | \
	while read -r dir target; do $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime "$${FUZZTIME:-30s}" "$$dir"; done

.PHONY: fmt
fmt: ## format the source
	gofmt -w .

.PHONY: generate
generate: ## write the golden files and the pages generated from the code
	$(GO) test $(GOLDEN) -update

.PHONY: assets
assets: ## fetch the pinned scripts and styles of the web pages from npm into the source
	scripts/assets.sh

.PHONY: screenshots
screenshots: build ## write every page, light and dark, desktop and phone, to docs/images
	$(GO) run ./test/browser/screenshots -holdfast ./$(BIN)

.PHONY: clean
clean: ## remove what build made
	rm -rf bin
