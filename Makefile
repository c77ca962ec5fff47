# Every task of this repository. `make` lists them.
SHELL := /bin/bash
# Written by deploy/local/install.sh: tools on PATH, and the toolchain where it has another name. Absent is fine.
export BASH_ENV := $(CURDIR)/.tools/env
LOCAL := deploy/local/local.sh

.DEFAULT_GOAL := help
.PHONY: help demo test bench sim fmt lint deny cases histories broker install local-up local-down local-status audit clean-local

help: ## list these tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## a demo year on a real Kafka and Redis (KEEP=1 leaves it up, FILES="a.json b.csv" feeds your own)
	@KEEP=$(KEEP) deploy/local/demo.sh run $(FILES)

test: ## the one gate: format, lints, dependencies, tests, cases, broker suite
	@.ci/run

.PHONY: properties
properties: ## the properties on 10,000 random stories each (CASES=…), seeds printed on failure
	PROPTEST_CASES=$(or $(CASES),10000) cargo test --locked -p ims -p gstr2b -p itc-tests --test law --test topology

bench: ## what everything costs here, on a real Kafka and Redis (DOCUMENTS=…, GROWTH=…, RUNS=…)
	@deploy/local/bench.sh

.PHONY: bench-long bench-stores
bench-long: ## the same up to a million documents, and the rejected stores at 10 million rows: hours
	@deploy/local/bench.sh long

bench-stores: ## the chosen store beside those that were rejected (ROWS=1000000)
	@cd benches/stores && CARGO_TARGET_DIR=$(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/stores cargo run --release --locked -- $(or $(ROWS),1000000)

fmt: ## format all code
	cargo fmt --all

lint: ## clippy, warnings as errors
	cargo clippy --workspace --all-targets --locked -- -D warnings

deny: install-gate ## licences, banned crates and sources of dependencies
	cargo deny --locked check --hide-inclusion-graph licenses bans sources

cases: ## the law: every JSON case through the whole topology on the simulated log
	cargo run -q --locked -p itcctl -- cases run tests/cases/ims tests/cases/rules

sim: ## seeded faults through the whole topology and each worker (SEED=17 WORKER=ims replays one, SEEDS=1000 DOCUMENTS=20)
	@$(if $(SEED)$(WORKER),,cargo run -q --locked -p itcctl -- simulate --seeds $(or $(SEEDS),100) --documents $(or $(DOCUMENTS),2))
	@cargo run -q --locked -p itcctl -- simulate --documents $(or $(DOCUMENTS),2) \
		$(if $(SEED),--seed $(SEED) --verbose $(if $(WORKER),--worker $(WORKER)),--seeds $(or $(SEEDS),100) --worker $(or $(WORKER),all))

histories: ## 10,000 random rule stories against the slow oracle (N= another number, SEED= one of them)
	CARGO_PROFILE_DEV_OPT_LEVEL=2 ITC_HISTORIES=$(or $(N),10000) ITC_PROPERTIES=$(or $(N),10000) ITC_SEED=$(SEED) \
		cargo test --locked -p itc-tests --test histories -- --nocapture

broker: ## only the broker suite, on a Kafka and Redis of its own
	@.ci/run install build broker

audit: install-gate ## known vulnerabilities in dependencies (needs the network, not part of the gate)
	cargo deny --locked check advisories

install: ## install what the demo needs and this machine lacks
	@deploy/local/install.sh

.PHONY: install-gate
install-gate:
	@deploy/local/install.sh --gate

local-up: ## start the local Kafka and Redis, print their addresses
	@$(LOCAL) up && $(LOCAL) env

local-down: ## stop them, keep Kafka's data
	@$(LOCAL) down

local-status: ## what runs, where
	@$(LOCAL) status

clean-local: ## stop them and delete their data
	@$(LOCAL) wipe
