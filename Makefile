# Every step of work with this repository. `make help` lists them. Needs Python >= 3.11 (with venv), make and git.
# Distributions build their Python along profiles; one compiled without --enable-optimizations takes a third more time.
PYTHON ?= $(shell \
  if python3 -c 'import sys, sysconfig; sys.exit("--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""))' \
    && /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
  then echo /usr/bin/python3; else echo python3; fi)
BIN := .venv/bin
STAMPS := .venv/stamps
DIST := src/meterbook/web/static/dist/manifest.json
WHEELS := .cache/wheels
INSTALL := $(BIN)/python -m pip install --quiet --no-index --find-links $(WHEELS) --require-hashes
WORKERS ?= 2
SECONDS ?= 60
SHELL := /bin/sh
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help setup setup-dev demo test lint types trace trace-update ratchet messages locks check-data replay soak clean

help: ## list these targets
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup: $(STAMPS)/compiled $(DIST) $(STAMPS)/messages ## install what the product needs into .venv and build its pages

setup-dev: setup $(STAMPS)/dev ## setup, and the tools for tests and checks

demo: setup ## start a demonstration, a mall with simulated meters; Ctrl-C ends it
	@exec $(BIN)/meterbook demo $(ARGS)

test: setup-dev ## run all tests; without Chromium all but those in a browser (ARGS="-k name" chooses)
	@$(BIN)/python -m tools.run_tests -n $(WORKERS) $(ARGS)

lint: setup-dev ## style, import contracts, our own rules, sizes, missing migrations
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python -m tools.lint
	MB_DATA_DIR=.cache/lint $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

types: setup-dev ## mypy, strict, and the types of the islands
	$(BIN)/mypy
	$(BIN)/python -m tools.node npm run --silent types

trace: setup-dev ## is every requirement marked done proven by a test?
	$(BIN)/python -m tools.trace

trace-update: setup-dev ## write the tests that carry a requirement's mark into requirements.yaml
	$(BIN)/python -m tools.trace --update

ratchet: setup-dev ## lower the stored maximum sizes to what they are now
	$(BIN)/python -m tools.lint.size_ratchet

messages: setup-dev ## bring the catalogs in step with the texts (new ones are empty: translate them)
	$(BIN)/python -m tools.catalog extract

locks: setup-dev ## resolve the dependencies again (ARGS=--upgrade: to the newest)
	$(BIN)/python -m tools.lock $(ARGS)

check-data: setup-dev ## compare with a folder of reference data: make check-data MB_DATA=FOLDER
	@$(BIN)/python -m tools.check_data "$(MB_DATA)"

replay: setup-dev ## make ten thousand bills again and compare them (ARGS=--adopt keeps what the engine makes now)
	@$(BIN)/python -m tools.replay $(ARGS)

soak: setup-dev ## long searches: make soak SECONDS=600
	MB_SOAK_SECONDS=$(SECONDS) $(BIN)/python -m tools.run_tests -m soak $(ARGS)

bench-%: setup-dev ## one benchmark, as JSON lines: make bench-ingest
	@$(BIN)/python -m bench.$* $(ARGS)

clean: ## remove what was built and installed; what was fetched (.cache) and data folders stay
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results
	rm -rf frontend/node_modules src/meterbook/web/static/dist src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps live in .venv, so that removing it removes them. Each says which file it was made from.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (PYTHON=... names one).")'
	@$(PYTHON) -c 'import ensurepip' || { echo "This Python cannot make environments; install its venv package (python3-venv)."; exit 1; }
	$(PYTHON) -m venv .venv

# What was fetched is kept in .cache, so that setting up again needs no network.
.cache/%.fetched: requirements/%.txt | $(BIN)/python
	@mkdir -p $(WHEELS)
	$(BIN)/python -m pip download -qq --only-binary :all: --require-hashes -d $(WHEELS) -r $<
	@touch $@

$(STAMPS)/runtime: .cache/lock.fetched | $(BIN)/python
	@mkdir -p $(STAMPS)
	$(INSTALL) -r requirements/lock.txt
	@touch $@

$(STAMPS)/dev: .cache/dev.fetched $(STAMPS)/runtime
	$(INSTALL) -r requirements/dev.txt
	@touch $@

$(STAMPS)/project: pyproject.toml $(STAMPS)/runtime
	$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation -e .
	@touch $@

# Compiled here, because the service user that serves may not write here: each of its processes would do it at each start.
$(STAMPS)/compiled: $(STAMPS)/project $(shell find src -name '*.py' -not -path '*/.*')
	@$(BIN)/python -m compileall -q -j 0 src
	@touch $@

$(STAMPS)/frontend: frontend/package-lock.json frontend/.npmrc $(STAMPS)/runtime
	$(BIN)/python -m tools.node npm ci --silent --offline --cache ../.cache/npm 2>/dev/null \
		|| $(BIN)/python -m tools.node npm ci --silent --cache ../.cache/npm
	@touch $@

$(DIST): $(STAMPS)/frontend $(shell find frontend/src frontend/*.json frontend/*.ts -type f 2>/dev/null)
	$(BIN)/python -m tools.node npm run --silent build
	@touch $@

$(STAMPS)/messages: $(STAMPS)/runtime $(shell find src/meterbook/locale -name '*.po' 2>/dev/null)
	$(BIN)/python -m tools.catalog compile
	@touch $@
