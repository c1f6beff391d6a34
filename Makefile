# One verb each. `demo` and `test` work on a fresh machine with python3.
# Versions: PYTHON=python3.12 make test.  A few tests: make test ARGS="tests/cli -x".

PYTHON ?= python3
ARGS ?=
#: Tests wait for other processes half of their time: two of them for each core, up to
#: what a machine's memory holds of browsers and database servers.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
    echo $$((n < 2 ? 4 : n > 6 ? 12 : 2 * n)))
BIN := .venv/bin

# Tests start thousands of programs, which must not compile their imports each time.
unexport PYTHONDONTWRITEBYTECODE

#: The tests that need neither a browser nor a database server, nor much time.
QUICK := tests/model tests/tracking tests/recording tests/journal tests/cli
QUICK_VENV ?= .venv-quick

.PHONY: help demo test test-quick compiled compiled-quick lint types docs bench audit release-check constraints clean

help:  ## show the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 8

demo: .venv/.demo  ## run the example and look at its graph
	$(BIN)/lineage demo

test: .venv/.dev  ## run the tests
	scripts/need chromium
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-quick: $(QUICK_VENV)/.quick  ## run what takes two minutes: no browser, no database server
	$(QUICK_VENV)/bin/pytest -n $(WORKERS) --dist worksteal -q -m "not slow" $(QUICK) $(ARGS)

# In a new clone each worker would compile what all of them collect.
compiled: .venv/.dev
	$(BIN)/pytest --collect-only -q > /dev/null

compiled-quick: $(QUICK_VENV)/.quick
	$(QUICK_VENV)/bin/pytest --collect-only -q $(QUICK) > /dev/null

lint: .venv/.dev  ## check style, format and import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: .venv/.dev  ## check types
	$(BIN)/mypy
	$(BIN)/mypy --strict tests/typing

docs: .venv/.dev  ## build the documentation site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv/.dev  ## measure, beside the peers; with BASE=commit, beside its build
	$(BIN)/python -m benchmarks $(if $(BASE),--base $(BASE)) $(ARGS)

release-check: .venv/.dev  ## build what a release publishes, and check it
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m scripts.release check
	$(BIN)/python -m scripts.release sbom

constraints: .venv/.dev  ## choose new versions of what development needs
	$(BIN)/pip install --quiet uv
	$(BIN)/python -m scripts.constraints

audit: .venv/.dev  ## look for known weaknesses in what the package and the page need
	$(BIN)/python -m scripts.audit $(ARGS)

clean:  ## remove what the other verbs made
	rm -rf .venv .venv-quick* site build dist .lineage .mypy_cache .ruff_cache .pytest_cache

.venv/.demo: pyproject.toml constraints.txt
	scripts/need venv $(PYTHON)
	@echo "installing into .venv, which takes a minute or two this first time"
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[demo]'
	touch $@

.venv/.dev: pyproject.toml constraints.txt
	scripts/need venv $(PYTHON)
	@echo "installing into .venv, which takes a few minutes this first time"
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	touch $@

# The page is not built, because none of these tests looks at it.
$(QUICK_VENV)/.quick: pyproject.toml constraints.txt
	scripts/need venv $(PYTHON)
	test -x $(QUICK_VENV)/bin/pip || $(PYTHON) -m venv $(QUICK_VENV)
	LINEAGE_BUILD_PAGE=0 $(QUICK_VENV)/bin/pip install --quiet --no-compile --constraint constraints.txt --editable '.[quick]'
	touch $@
