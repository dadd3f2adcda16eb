# Two commands for newcomers: `make demo` and `make test`. Both need Python >= 3.11 and make, and nothing else.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
RUN = $(VENV)/bin/python
JOBS ?= 4

.PHONY: help demo test lint docs matrix conformance examples sdk-matrix startup benchmark clean

help:
	@echo "make demo     audit the demo shop"
	@echo "make test     lint, types, docs and all tests"
	@echo "make docs     write the generated pages again"
	@echo "make matrix   all defects against all checks (SHARD=i/n or DEFECTS="a b" for a part)"
	@echo "make conformance   how truly the emulator plays Stripe, by its official clients"
	@echo "make examples audit the shops in examples/, each as it is"
	@echo "make sdk-matrix    launched apps with old and new releases of Stripe's libraries and of Node.js (ALL=1 for every one)"
	@echo "make startup  how long --help and --version take"
	@echo "make benchmark   how fast, quick to start and small the emulator is, beside others"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "stripe-audit needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(VENV)/bin/python pyproject.toml
	$(PIP) install --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PIP) install --upgrade "pip>=25.1"
	$(PIP) install --editable . --group dev
	@touch $@

demo: $(VENV)/.base
	$(VENV)/bin/stripe-audit run --demo

lint: $(VENV)/.dev
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

test: lint
	$(RUN) scripts/docs.py --check
	$(RUN) scripts/derive_shapes.py --check
	$(RUN) scripts/derive_endpoints.py --check
	$(RUN) -m pytest -m "not alone" --numprocesses $(JOBS) --dist worksteal
	$(RUN) -m pytest -m alone

docs: $(VENV)/.dev
	$(RUN) scripts/docs.py

matrix: $(VENV)/.dev
	$(RUN) scripts/matrix.py $(if $(SHARD),--shard $(SHARD)) $(DEFECTS)

conformance: $(VENV)/.dev
	$(RUN) scripts/conformance.py $(if $(VERBOSE),--verbose)

examples: $(VENV)/.dev
	$(RUN) scripts/examples.py $(SHOPS)

sdk-matrix: $(VENV)/.dev
	$(RUN) scripts/sdk_matrix.py $(if $(ALL),--all)

startup: $(VENV)/.dev
	$(RUN) benchmarks/startup.py

benchmark: $(VENV)/.dev
	$(RUN) benchmarks/emulator.py --localstripe

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
