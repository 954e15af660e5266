# The project's commands; `make` alone lists them. What they need is installed by them, pinned and checked by hash.

.DEFAULT_GOAL := help
.PHONY: help run test check types style house soak load bench docs lock build clean

PY := .venv/bin/python
UV = $(shell command -v uv || echo .tools/bin/uv)
UV_VERSION := 0.13.8
export UV_LINK_MODE := copy

help: ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 10

run: .venv/ready ## install, then serve http://127.0.0.1:8000/ (ARGS="--port 8080" for options)
	@$(PY) -m broadsheet serve $(ARGS)

test: .venv/ready ## every test, browser tests included (ARGS="-k name" for some)
	@sh scripts/chromium.sh
ifdef ARGS
	@$(PY) -m pytest $(ARGS)
else
	@$(PY) scripts/suite.py
endif

check: .venv/ready ## format, lint, types, layers, pending migrations, templates
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target types style house

types: .venv/ready
	.venv/bin/mypy

style: .venv/ready
	.venv/bin/ruff format --check src tests docs scripts
	.venv/bin/ruff check src tests docs scripts
	.venv/bin/lint-imports
	.venv/bin/djlint src --lint --quiet

house: .venv/ready
	BROADSHEET_HOME=$$(mktemp -d) $(PY) -m django makemigrations --check --dry-run --settings broadsheet.settings
	.venv/bin/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@$(PY) -m pytest tests/test_house.py -q

soak: .venv/ready ## the long runs: kill loops, load, scale
	@$(PY) -m pytest -m soak -o addopts="--import-mode=importlib" -q -s $(ARGS)

load: .venv/ready ## 200 readers vote, comment and read for a minute, on SQLite and on PostgreSQL
	@$(PY) -m pytest -m soak -o addopts="--import-mode=importlib" -q -s -k readers_at_once $(ARGS)

bench: .venv/ready ## measure the front page (on the papers of BROADSHEET_HOME)
	@$(PY) -m broadsheet bench front

docs: .venv/ready ## build docs/ into docs/_build/html
	.venv/bin/sphinx-build -W --keep-going -b html docs docs/_build/html

lock: .tools/uv ## compile requirements.lock anew from pyproject.toml
	$(UV) pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-header \
		--upgrade --extra model --extra oauth --extra postgres --extra cluster --group dev pyproject.toml -o requirements.lock

build: .venv/ready ## build the package into dist/
	$(PY) -m build --no-isolation --outdir dist .

clean: ## remove what was made here (not the papers)
	rm -rf .venv .tools build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.tools/uv:
	@command -v uv >/dev/null || { \
		echo "Getting uv $(UV_VERSION)"; \
		python3 -m venv .tools && .tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@mkdir -p .tools && touch .tools/uv

.venv/ready: requirements.lock pyproject.toml .tools/uv
	@echo "Installing the environment from requirements.lock"
	@test -x $(PY) || $(UV) venv --quiet --allow-existing --python "$$(cat .python-version)" .venv || $(UV) venv --quiet --allow-existing --python '>=3.12' .venv
	@$(UV) pip sync --quiet --python $(PY) --compile-bytecode --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@$(PY) -m compileall -q src
	@touch .venv/ready
