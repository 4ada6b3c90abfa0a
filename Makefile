# `make demo` and `make test` do all their own set-up on a machine with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint fast unit bench chaos simulate contract clean

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/countersign demo

test: lint unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.imports
	$(BIN)/python -m tools.style

PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile

fast: $(READY)
	$(PYTEST) -m "not server"

unit: $(READY)
	$(PYTEST) --durations=10

simulate: $(READY)
	$(BIN)/python -m pytest tests/simulation/test_simulation.py

chaos: $(READY)
	$(BIN)/python -m tools.chaos

STEADY := .steady/node_modules/.bin/steady

$(STEADY):
	npm install --silent --no-audit --no-fund --prefix .steady @stdy/cli@0.22.2

contract: $(READY) $(STEADY)
	$(BIN)/python -m tools.contract $(STEADY)

bench: $(READY)
	$(BIN)/python -m tools.bench

clean:
	rm -rf $(VENV) .steady .pytest_cache .mypy_cache .ruff_cache
