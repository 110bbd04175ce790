# One word a task. `make demo` and `make test` need nothing but Python 3.11+, make and git.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed
DEVELOPMENT := $(VENV)/.installed-dev

.PHONY: help demo test lint docs bench install clean

help:  ## List the tasks
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /	/'

demo: $(RUNTIME)  ## Check a demo shop on an embedded PostgreSQL; writes demo-report.html
	@$(BIN)/dbwright demo --also demo-report.html

test: $(DEVELOPMENT)  ## Install what the tests need, and run them
	@scripts/bootstrap
	@$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(DEVELOPMENT)  ## Format, types, arrows between folders, stale docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/docs.py --check

docs: $(DEVELOPMENT)  ## Generate the reference and build the site in site/
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[docs]'
	$(BIN)/python tools/docs.py
	$(BIN)/mkdocs build --strict --quiet

bench: $(DEVELOPMENT)  ## Run the benchmark of reading; the others name what they need
	$(BIN)/python bench/introspect.py

install: $(DEVELOPMENT)  ## Create .venv with everything for development

$(BIN)/python:
	@scripts/venv $(VENV)

$(RUNTIME): pyproject.toml | $(BIN)/python
	@echo "installing dbwright into $(VENV) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(DEVELOPMENT): pyproject.toml | $(BIN)/python
	@echo "installing dbwright for development into $(VENV) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(RUNTIME)

clean:  ## Remove everything that can be made again
	rm -rf $(VENV) .cache site demo-report.html .mypy_cache .ruff_cache .pytest_cache .hypothesis
