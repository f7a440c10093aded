# Everything a fresh machine needs is python3 (3.11 or newer), make and git.
PYTHON ?= python3
VENV := .venv
LOCK := requirements.lock
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install options demo test check lint types fast matrix lowest cover-core mutants crash fuzz lab bench scale format lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The tests that take minutes, start processes or need a browser run on one Python only.
FAST := tests --ignore=tests/e2e --ignore=tests/crash --ignore=tests/docs --ignore=tests/lab

# The lock is complete, so nothing is resolved: pip would ask for the newest coverage[toml], which no hash names.
$(STAMP): $(LOCK) pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("batch_enroll needs Python 3.11 or newer; call make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

install: $(STAMP) ## set up .venv from the lock

options: $(STAMP) ## write the reference of settings and the keywords of enroll from the declared options
	$(BIN)/python tools/write_option_files.py

demo: $(STAMP) ## enroll a sample roster on the rehearsal server and show the report
	@$(BIN)/batch-enroll demo

# Files in their order: the few long tests are in the middle of it, while by number of tests they would come last.
test: $(STAMP) ## set up and run the tests
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=95

fast: $(STAMP) ## the fast part of the tests, without coverage
	$(BIN)/python -m pytest -q -n 3 $(FAST)

matrix: ## the fast part on each further Python that is found
	$(PYTHON) tools/matrix.py 3.12 3.13 3.14

lowest: ## the fast part with the lowest version of each dependency (on Python 3.11)
	$(MAKE) --no-print-directory VENV=.venv-lowest LOCK=requirements-lowest.lock fast

check: $(STAMP) ## the whole gate: style, types, architecture, spelling, coverage, tests
	$(MAKE) --no-print-directory -j2 --output-sync=target lint types cover-core
	$(MAKE) --no-print-directory test

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/codespell
	$(BIN)/python tools/check_language.py

types: $(STAMP) ## check the types, as on Linux, macOS and Windows
	$(BIN)/mypy --platform linux
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32

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

UPGRADE := --upgrade
COMPILE := --generate-hashes --no-emit-index-url --no-header --quiet

FUZZ_SECONDS ?= 1800
fuzz: $(STAMP) ## feed each reader with what a coverage-guided fuzzer thinks of (FUZZ_SECONDS=1800 for all of them)
	$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	for reader in csv xlsx bundle; do \
	  PYTHONPATH=tests $(BIN)/python tests/fuzz/fuzz.py $$reader --seconds $$(($(FUZZ_SECONDS) / 3)) || exit 1; done

format: $(STAMP) ## format, and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP) ## renew both locks (needs uv; UPGRADE= adds only what is missing)
	uv pip compile pyproject.toml --group dev --extra notify --extra postgres --universal --python-version 3.11 \
	  $(COMPILE) $(UPGRADE) --output-file requirements.lock
	uv pip compile pyproject.toml --group test --extra notify --extra postgres --resolution lowest-direct --python-version 3.11 \
	  $(COMPILE) $(UPGRADE) --output-file requirements-lowest.lock

clean: ## remove what the targets made
	rm -rf $(VENV) .venv-lowest .venv-3.* .coverage .coverage-core* .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz build dist
