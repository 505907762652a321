# Two commands for everybody: `make demo` and `make test`. `make check` is what CI runs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test slow lint format types contracts wheel check clean

help:
	@echo "make demo    install, draw a summer road and make it winter"
	@echo "make test    install with the extras, run the tests (at most 6 minutes on 2 cores)"
	@echo "make slow    the long proofs"
	@echo "make check   everything CI runs: lint, format, types, contracts, tests, slow tests, wheel"
	@echo "VENV=$(VENV) is where it installs; PYTHON=$(PYTHON) needs to be 3.11 or newer"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "mediatrans needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python has no venv module here: on Debian, apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-extras: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --editable '.[train,evaluate,dev]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/mediatrans demo --overwrite

test: $(VENV)/.installed-extras
	$(BIN)/python -m pytest -m "not slow"

slow: $(VENV)/.installed-extras
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.installed-extras
	$(BIN)/ruff check

format: $(VENV)/.installed-extras
	$(BIN)/ruff format --check

types: $(VENV)/.installed-extras
	$(BIN)/mypy

contracts: $(VENV)/.installed-extras
	$(BIN)/lint-imports

wheel: $(VENV)/.installed-extras
	$(BIN)/python .ci/check_wheel.py

check: lint format types contracts test slow wheel

clean:
	rm -rf build dist demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
