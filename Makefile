# Everything one does here. The tools live in .venv; what is installed is pinned and hashed in requirements/.
PORT ?= 8000
PYTHON ?= python3
DATA ?= ../shared/data
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.PHONY: help install run test test-clients test-redis test-contract lint format lock bench bench-judge bench-desk e2e clean

help: ## say what there is
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

install: .venv/installed ## set up .venv with what running needs

run: install ## serve at http://127.0.0.1:8000 (PORT=9000: there)
	$(BIN)/moderation run --port $(PORT)

test: .venv/installed-dev ## run all tests, on SQLite and on a PostgreSQL of their own (ARGS="-k word": some)
	$(BIN)/pytest -n auto $(ARGS)

lint: .venv/installed-dev ## check the format, the rules, the types and who imports whom
	$(BIN)/ruff format --check && $(BIN)/ruff check
	$(BIN)/mypy && $(BIN)/lint-imports --no-logo

format: .venv/installed-dev ## format, and mend what can be mended
	$(BIN)/ruff format && $(BIN)/ruff check --fix

LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-strip-extras --no-annotate --no-header
lock: .venv/installed-dev ## pin again (ARGS=--upgrade: the newest; ARGS="--upgrade-package flask": one)
	$(LOCK) $(ARGS) --group dev -o requirements/dev.txt
	$(LOCK) $(ARGS) --group build -c requirements/dev.txt -o requirements/run.txt
	$(LOCK) $(ARGS) --group bench -c requirements/dev.txt -o requirements/bench.txt

bench: .venv/installed-dev ## run the benchmarks
	$(BIN)/python -m benchmarks $(ARGS)

bench-judge: .venv/installed-dev .venv/installed-bench ## compare the judge with its ablations and peers (DATA=folder)
	$(BIN)/python -m benchmarks.judge --data $(DATA) $(ARGS)

bench-desk: .venv/installed-dev ## a moderator's day in a browser, beside a million comments (DATA=folder)
	$(BIN)/python -m benchmarks.desk --data $(DATA) --stored 1000000 $(ARGS)

e2e: .venv/installed-dev ## run the browser tests (needs Chromium)
	$(BIN)/pytest -m e2e $(ARGS)

test-redis: .venv/installed-dev ## run the tests with a real Redis (needs redis-server)
	$(BIN)/pytest -m redis $(ARGS)

# Pinned, and installed when they are needed: none of them is part of the product.
.venv/clients/installed: Makefile | .venv/bin/pip
	npm install --prefix .venv/clients --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
		akismet-api@6.0.0 @cedx/akismet@16.2.1 && touch $@

test-clients: .venv/installed-dev .venv/clients/installed ## run Akismet's clients that others wrote (needs node, npm, php, ruby-akismet, libnet-akismet-perl)
	$(BIN)/pytest -m clients $(ARGS)

test-contract: .venv/installed-dev ## hold the running service to the description of its API
	$(BIN)/pytest -m contract -n 0 -s $(ARGS)

clean: ## remove what make has made, but not instance/
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, and $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv

.venv/installed: requirements/run.txt pyproject.toml | .venv/bin/pip
	@echo "Setting up .venv; the first time, this takes a minute or two."
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --no-deps --no-build-isolation -e . && touch $@

.venv/installed-dev: requirements/dev.txt .venv/installed
	$(PIP) --require-hashes -r requirements/dev.txt && touch $@

.venv/installed-bench: requirements/bench.txt .venv/installed-dev
	$(PIP) --require-hashes -r requirements/bench.txt && touch $@
