# Two commands: `make demo` shows everything on a sample, `make test` proves it.
# All paths are relative, so that a clone works in a folder with a space in its name.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
SCALE ?= 0.1

.DEFAULT_GOAL := help
.PHONY: help install demo samples notebook test check lint types layers pytest lock clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

$(VENV)/.ready: requirements.lock pyproject.toml scripts/make_venv.sh
	@echo "Making $(VENV) from requirements.lock ..."
	@PYTHON="$(PYTHON)" sh scripts/make_venv.sh $(VENV) requirements.lock $@

$(VENV)/.ready-test: requirements-test.lock pyproject.toml scripts/make_venv.sh
	@echo "Making $(VENV) from requirements-test.lock ..."
	@PYTHON="$(PYTHON)" sh scripts/make_venv.sh $(VENV) requirements-test.lock $@
	@touch $(VENV)/.ready

install: $(VENV)/.ready ## Make .venv with everything that running needs

demo: $(VENV)/.ready ## Make a sample and run the whole job on it, in the folder demo/
	@$(RUN) ga4_analytics demo-data demo/sample --scale $(SCALE)
	@$(RUN) ga4_analytics run demo/sample -w demo
	@$(RUN) ga4_analytics churn train -w demo
	@$(RUN) ga4_analytics report -w demo

samples: $(VENV)/.ready ## Write data/ and the report on the sample again
	@$(VENV)/bin/python scripts/00_make_sample_data.py
	@rm -rf demo
	@$(MAKE) --no-print-directory demo
	@rm -rf reports && cp -r demo/reports reports
	@$(MAKE) --no-print-directory notebook
	@$(RUN) ga4_analytics docs

notebook: $(VENV)/.ready-test ## Run the notebook and write reports/03_*.html
	@$(VENV)/bin/python scripts/04_print_notebook.py

test: $(VENV)/.ready-test check lint types layers pytest ## Lint, types, layers, tests

check: ## Say what the tests need and do not find
	@sh scripts/check_tools.sh

lint: $(VENV)/.ready-test
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

types: $(VENV)/.ready-test
	@$(RUN) mypy

layers: $(VENV)/.ready-test
	@$(VENV)/bin/python -c 'from importlinter.cli import lint_imports_command as c; c()'

pytest: $(VENV)/.ready-test
	@$(RUN) pytest -n 2 --dist worksteal

lock: ## Write the lock files again (needs uv)
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-strip-extras --python-version 3.11 \
	  --extra build -o requirements.lock
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-strip-extras --python-version 3.11 \
	  --extra build --extra test -o requirements-test.lock

clean: ## Remove the demo and the environment
	rm -rf demo $(VENV)
