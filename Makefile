# One verb each. `demo` and `test` work on a fresh machine with python3.
# Versions: PYTHON=python3.12 make test.  A few tests: make test ARGS="tests/cli -x".

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.PHONY: help demo test lint types docs bench clean

help:  ## show the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 8

demo: .venv/.demo  ## run the example and look at its graph
	$(BIN)/lineage demo

test: .venv/.dev  ## run the tests
	scripts/need chromium
	$(BIN)/pytest -n 2 $(ARGS)

lint: .venv/.dev  ## check style, format and import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: .venv/.dev  ## check types
	$(BIN)/mypy
	$(BIN)/mypy --strict tests/typing

docs: .venv/.dev  ## build the documentation site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv/.dev  ## measure, beside the peers that are installed
	$(BIN)/python -m benchmarks

clean:  ## remove what the other verbs made
	rm -rf .venv site build dist .lineage .mypy_cache .ruff_cache .pytest_cache

.venv/.demo: pyproject.toml
	scripts/need venv $(PYTHON)
	@echo "installing into .venv, which takes a minute or two this first time"
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[demo]'
	touch $@

.venv/.dev: pyproject.toml
	scripts/need venv $(PYTHON)
	@echo "installing into .venv, which takes a few minutes this first time"
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@
