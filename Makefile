# Everything a fresh machine needs is python3 (3.11 or newer), make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint cover-core mutants crash fuzz lab bench scale format lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The lock is complete, so nothing is resolved: pip would ask for the newest coverage[toml], which no hash names.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("batch_enroll needs Python 3.11 or newer; call make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

install: $(STAMP) ## set up .venv from the lock

demo: $(STAMP) ## enroll a sample roster on the rehearsal server and show the report
	@$(BIN)/batch-enroll demo

# Files in their order: the few long tests are in the middle of it, while by number of tests they would come last.
test: $(STAMP) ## set up and run the tests
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=95

check: $(STAMP) ## the whole gate: style, types, architecture, spelling, coverage, tests
	$(MAKE) --no-print-directory -j2 --output-sync=target lint cover-core
	$(MAKE) --no-print-directory test

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/codespell
	$(BIN)/python tools/check_language.py

cover-core: $(STAMP)
	COVERAGE_FILE=.coverage-core $(BIN)/python -m pytest -q tests/core --cov=batch_enroll.core --cov-report=term-missing --cov-fail-under=100

MUTANTS ?= verdict guards planning pace
mutants: $(STAMP) ## change the rules of the core in every small way, and list the changes that no test notices (minutes)
	PYTHONPATH=tests $(BIN)/python -m mutation $(MUTANTS)

crash: $(STAMP) ## kill a run 200 times, resume it each time, and count what was lost or doubled
	CRASH_KILLS=200 $(BIN)/python -m pytest tests/crash/test_crashes.py -q -s --timeout 3600

bench: $(STAMP) ## measure against bare loops and the official SDK, side by side (needs a C compiler; minutes)
	$(BIN)/python tests/benchmarks/bench.py

scale: $(STAMP) ## measure time and memory of up to a million rows, and of a night in which nothing changed (minutes)
	$(BIN)/python tests/benchmarks/scale.py

lab: $(STAMP) ## try the pace on models of servers, beside other laws; build/lab gets the table and a picture
	PYTHONPATH=tests $(BIN)/python -m lab --out build/lab

FUZZ_SECONDS ?= 1800
fuzz: $(STAMP) ## feed each reader with what a coverage-guided fuzzer thinks of (FUZZ_SECONDS=1800 for all of them)
	$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	for reader in csv xlsx bundle; do \
	  PYTHONPATH=tests $(BIN)/python tests/fuzz/fuzz.py $$reader --seconds $$(($(FUZZ_SECONDS) / 3)) || exit 1; done

format: $(STAMP) ## format, and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP) ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --extra notify --extra postgres --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --upgrade --output-file requirements.lock

clean: ## remove what the targets made
	rm -rf $(VENV) .coverage .coverage-core* .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz build dist
