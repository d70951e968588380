# SPDX-License-Identifier: Apache-2.0
# Needs Python 3.11 or newer and nothing else. Everything is installed into .venv, .venv-audit, .venv-peers, .venv-s3
# and node_modules, here and in tests/bench/peers.

PYTHON ?= python3
BIN := .venv/bin
DATA ?= data
SECONDS ?= 3600
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

RUN := .venv/run.stamp
DEV := .venv/dev.stamp
NODE := node_modules/ci.stamp
AUDIT := .venv-audit/stamp
PEERS := .venv-peers/stamp
S3 := .venv-s3/stamp
PEERS_NODE := tests/bench/peers/node_modules/ci.stamp

.PHONY: help run demo test test-fast test-long system check contracts audit-contracts geth s3 bench bench-peers faults lock clean fuzz sbom audit-dependencies

help: ## Show what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: $(RUN) $(NODE) ## Set up, notarise a sample portfolio, verify a receipt, and stay up
	loan-notary demo --data $(DATA) --stay

demo: $(RUN) $(NODE) ## The same in a folder of its own, then stop; fails if anything does
	rm -rf build/demo
	loan-notary demo --data build/demo --port 0

test: system check contracts $(S3) ## All checks and tests that take minutes, not hours
	rm -f .coverage*
	coverage run -m pytest -m "not slow"
	coverage combine -q
	coverage report

test-fast: $(DEV) ## Tests that start no node and no service
	pytest -q -m "not slow" tests/unit tests/property tests/ports

test-long: system $(DEV) $(NODE) $(S3) ## The slow tests too, and new examples for the properties: an hour or more
	pytest --hypothesis-profile=search
	hardhat test solidity --test-profile long

system: ## Install what tests use of the system (browser, fonts, PostgreSQL, SoftHSM), as root on Debian
	.ci/system

check: $(DEV) $(NODE) ## Formatting, lint, types
	ruff format --check .
	ruff check .
	mypy

contracts: $(DEV) $(NODE) ## Run the contracts' own tests, and compare their gas with the snapshot
	hardhat test solidity
	python -m tests.bench.gas --check

audit-contracts: $(RUN) $(NODE) $(AUDIT) ## Prove the contracts' rules (halmos) and look for known faults (slither)
	python -m tests.audit

geth: build/geth ## Build the node geth, for the slow tests that ask it (needs Go)

build/geth: tests/geth/go.mod tests/geth/go.sum
	cd tests/geth && go build -o $(CURDIR)/$@ github.com/ethereum/go-ethereum/cmd/geth

s3: build/versitygw ## Build the S3 server versitygw, for the slow tests that publish to it (needs Go)

build/versitygw: tests/s3/go.mod tests/s3/go.sum
	cd tests/s3 && go build -o $(CURDIR)/$@ github.com/versity/versitygw/cmd/versitygw

bench: $(DEV) $(NODE) ## Measure speed, as ratios within one run; writes docs/performance.md
	python -m tests.bench

faults: $(DEV) $(NODE) ## Kill a notary a thousand times and break its chain, and check what is left: an hour or two
	python -m tests.faults

bench-peers: $(DEV) $(NODE) $(PEERS) $(PEERS_NODE) ## Measure what others do with the same documents; writes docs/performance.md
	python -m tests.bench.peers

fuzz: $(DEV) ## Fuzz everything that reads strangers' bytes, for SECONDS (3600)
	python -m tests.fuzz $(SECONDS)

sbom: $(DEV) ## Write what the service and its pages are made of to build/sbom, as CycloneDX
	mkdir -p build/sbom
	PYTHONWARNINGS=ignore cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible requirements/run.txt -o build/sbom/python.json
	python -m requirements.sbom build/sbom/javascript.json

audit-dependencies: $(NODE) ## Ask for known weaknesses of what is locked (needs a network and pip-audit)
	pip-audit --require-hashes --disable-pip -r requirements/run.txt
	npm audit --omit=dev

lock: ## Write the lock files anew (needs uv and npm on the PATH)
	$(PYTHON) requirements/lock.py

clean: ## Remove everything that can be made again; the data folder stays
	rm -rf .venv .venv-audit .venv-peers .venv-s3 node_modules tests/bench/peers/node_modules build artifacts cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

.venv/pyvenv.cfg:
	$(PYTHON) -m venv .venv

$(RUN): .venv/pyvenv.cfg requirements/run.txt pyproject.toml
	pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	PYTHONWARNINGS=ignore pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(DEV): $(RUN) requirements/dev.txt
	pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

$(AUDIT): requirements/audit.txt
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	touch $@

$(PEERS): requirements/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	touch $@

$(S3): requirements/s3.txt
	$(PYTHON) -m venv .venv-s3
	.venv-s3/bin/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/s3.txt
	touch $@

$(PEERS_NODE): tests/bench/peers/package-lock.json | $(RUN)
	cd tests/bench/peers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(NODE): package-lock.json | $(RUN)
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
