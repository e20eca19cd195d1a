# SM-DTA. `make help` lists the targets; `make demo` and `make test` need nothing prepared.
SHELL := /bin/bash
.DEFAULT_GOAL := build
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
NODE := node --disable-warning=ExperimentalWarning
AS_SOURCES := $(shell find assembly -name '*.ts' -not -path '*/__tests__/*')

.PHONY: help setup build wasm generate demo test test-fast test-envoy golden fuzz soak soak-identity bench bench-envoy bench-policy bench-bodies bench-mask lint format check clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' Makefile

setup: ## install Node 24, Envoy 1.40 and the npm packages into the project
	@scripts/setup

build: setup wasm ## compile the filter

wasm: build/filter.wasm build/filter.debug.wasm ## compile build/filter.wasm (release) and build/filter.debug.wasm

build/filter.wasm: $(AS_SOURCES) asconfig.json | setup
	@echo 'wasm: compiling build/filter.wasm'
	@asc --target release

build/filter.debug.wasm: $(AS_SOURCES) asconfig.json | setup
	@echo 'wasm: compiling build/filter.debug.wasm'
	@asc --target debug

generate: setup ## write both layout.ts, the format documents, the JSON Schemas and docs/policy/ from their sources
	@$(NODE) schema/generate.ts
	@$(NODE) controller/policy/write-schemas.ts
	@$(NODE) controller/policy/write-reference.ts

demo: build ## run the main job on real parts and keep it up (ONCE=1 stops after the tour)
	@./dta up --tour $(if $(or $(ONCE),$(CI)),--once)

test: build lint ## everything: lint, unit, host and real-Envoy suites
	@vitest run

test-fast: build ## unit and host suites only
	@vitest run --project fast

test-envoy: build ## suites against a real Envoy only
	@vitest run --project envoy

fuzz: build ## the random suites at length: FUZZ_PAIRS=1000000 decisions against the oracle, FUZZ_SECRETS=1000000 documents with secrets, FUZZ_RUNS=200000 of the rest
	@FUZZ_RUNS=$${FUZZ_PAIRS:-1000000} vitest run --project fast --testTimeout 3600000 test/differential
	@FUZZ_RUNS=$${FUZZ_SECRETS:-1000000} vitest run --project fast --testTimeout 3600000 test/kernels/mask-secrets.test.ts
	@FUZZ_RUNS=$${FUZZ_RUNS:-200000} vitest run --project fast --testTimeout 3600000 test/malformed test/kernels test/properties/monotonicity.test.ts

soak: build ## memory over a million requests, big bundles in a real Envoy
	@SOAK=1 vitest run --testTimeout 1800000 test/soak test/envoy

soak-identity: build ## identity under load and over time, on real processes: half an hour (SOAK_PARTS=rotation,cuts; SOAK_AWAY_S=600)
	@$(NODE) test/soak/identity/run.ts

bench: build ## time of decisions and masking in the VM
	@$(NODE) test/bench/filter.ts

bench-envoy: build ## cost per request in a real Envoy, against native RBAC
	@$(NODE) test/bench/envoy.ts

bench-policy: build ## cost of sets of up to 100,000 rules (BENCH_RULES=10,100)
	@$(NODE) test/bench/policy.ts

bench-mask: setup ## speed of masking inside the VM, cost by size and of the worst documents
	@$(NODE) test/bench/mask.ts

bench-bodies: build ## cost of masking request bodies in a real Envoy, against a Lua script
	@$(NODE) test/bench/bodies.ts

bench-identity: setup ## certificates a second on one core, against key import, verification and signature alone
	@$(NODE) test/bench/identity.ts

test-go-spiffe: setup ## our certificates under go-spiffe (needs Go; fetches modules)
	@rm -rf build/go-spiffe && mkdir -p build/go-spiffe
	@$(NODE) test/go-spiffe/write-material.ts build/go-spiffe
	@cd test/go-spiffe && go run . $(CURDIR)/build/go-spiffe

golden: build ## rewrite the golden files, to be read as a diff
	@vitest run --project fast --update

lint: setup ## types, biome, prettier, dependency arrows
	@tsc
	@biome check --error-on-warnings
	@prettier --check --log-level warn 'assembly/**/*.ts'
	@depcruise --output-type err assembly controller host schema test

format: setup ## format every source
	@biome check --write
	@prettier --write --log-level warn 'assembly/**/*.ts'

check: generate format lint test ## what a commit has to pass; fails when a tracked file changed
	@test -z "$$(git status -s)" || { git status -s; echo 'check: the tree changed: commit what generate and format wrote'; exit 1; }

clean: ## remove what builds and runs leave behind (.tools and node_modules stay)
	rm -rf build .run
