# `make demo` and `make test` are the two main commands. `make check` runs what CI runs.

PYTHON ?= python3
VENV ?= .venv
PROCESSES ?= 2
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo docs strip test slow lint format types contracts wheel check clean

help:
	@echo "make demo    install, then translate a synthetic summer clip to winter"
	@echo "make test    install with all extras, then run the tests in PROCESSES=$(PROCESSES)"
	@echo "make slow    run the slow tests, also in PROCESSES=$(PROCESSES)"
	@echo "make check   run what CI runs: lint, format, types, contracts, tests, slow tests, wheel"
	@echo "make docs    write docs/cli.md anew from the commands"
	@echo "make strip   draw README's animated strip anew with the shipped pair"
	@echo "make clean   remove build outputs and caches"
	@echo "Installs into VENV=$(VENV); PYTHON=$(PYTHON) must be 3.11 or newer."

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "mediatrans needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python has no venv module; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-extras: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --editable '.[train,evaluate,s3,dev]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/mediatrans demo --overwrite

test: $(VENV)/.installed-extras
	$(BIN)/python -m pytest -m "not slow" -n $(PROCESSES) --dist worksteal

slow: $(VENV)/.installed-extras
	$(BIN)/python -m pytest -m slow -n $(PROCESSES) --dist worksteal

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

docs: $(VENV)/.installed
	$(BIN)/python -m mediatrans.cli.reference > docs/cli.md

strip: $(VENV)/.installed
	$(BIN)/python docs/demo_strip.py

check: lint format types contracts test slow wheel

clean:
	rm -rf build dist demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
