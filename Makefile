# `make run` shows the product on a simulated municipality; `make test` tests it. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DATA ?= data

.PHONY: setup run check test production mutate soak bench races bi dashboards ui defs docs lock wheel wheel-check clean

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11 to 3.13 is needed; choose it with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

setup: $(VENV)/.ready          ## .venv with everything, and .venv/bin/sluttdato

run: setup                     ## a simulated municipality, its systems pulled, evaluated, published
	$(BIN)/sluttdato demo

check: setup                   ## lint, types and the unit tests: a minute at most
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/python -m pytest -n auto --dist worksteal tests/unit

test: setup                    ## lint, types and all tests but the long ones
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/python -m pytest -n auto --dist worksteal tests/unit --cov
	$(BIN)/python -m pytest -n $(or $(WORKERS),3) --dist worksteal tests/integration tests/properties tests/scenarios  # they wait, too: servers, disks

production: setup              ## several machines: PostgreSQL, Redis and two workers, one of which dies; needs postgresql and redis-server
	$(BIN)/python -m pytest tests/production

mutate: setup                  ## changes the rules one by one: does a test fail? ONLY="int_backing ingest/guard.py"
	$(BIN)/python -m tests.mutation $(ONLY)

soak: setup                    ## the long tests: MINUTES of random municipalities, two hundred kills, damage of every kind
	SLUTTDATO_SOAK_MINUTES=$(or $(MINUTES),30) $(BIN)/python -m pytest -m soak

bench: setup                   ## ratios against the floors, or AGAINST=<commit>; see benchmarks/README.md
	$(BIN)/python -m benchmarks $(if $(AGAINST),against $(AGAINST),floors)

build/races/.ready: benchmarks/races/requirements.lock
	$(PYTHON) -m venv build/races
	build/races/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/races/requirements.lock
	touch $@

races: setup build/races/.ready  ## one more day against pandas, polars, SQLMesh, and Dagster with dbt; OPTIONS="--employees 300 --runs 1"
	$(BIN)/python -m benchmarks races $(OPTIONS)

build/bi/.ready: dashboards/requirements.lock
	$(PYTHON) -m venv build/bi
	build/bi/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r dashboards/requirements.lock
	touch $@

bi: setup build/bi/.ready      ## other people's tools on a published set: Superset with the dashboard, SQLAlchemy, pandas, polars, old DuckDB
	$(BIN)/python -m tests.bi

dashboards:                    ## dist/sluttdato-superset.zip for Superset to import; URI=duckdb:////... where the published set lies
	$(PYTHON) dashboards/pack.py $(if $(URI),--uri '$(URI)')

ui: setup                      ## Dagster's daemon and web page on the settings here: http://localhost:3000; make ui PORT=3001
	export DAGSTER_HOME="$$($(BIN)/sluttdato dagster-home)"; \
	  $(BIN)/dagster-daemon run --workspace workspace.yaml & trap "kill $$!" EXIT; \
	  $(BIN)/dagster-webserver --workspace workspace.yaml --port $(or $(PORT),3000)

defs: setup                    ## Dagster's own tool checks and lists the definitions, and sends nothing home
	export DAGSTER_HOME="$$($(BIN)/sluttdato dagster-home)"; $(BIN)/dg check defs && $(BIN)/dg list defs

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras \
  --custom-compile-command "make lock"

lock:                          ## writes each .lock, from pyproject.toml and the requirements.in beside it (needs uv, which `make setup` installs)
	$(COMPILE) --extra dev --extra production --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra production -c requirements.lock --output-file deploy/requirements.lock pyproject.toml
	echo 'setuptools>=77' | $(COMPILE) --python-version 3.11 -c requirements.lock --output-file deploy/build.lock -
	for folder in dashboards benchmarks/races; do \
	  $(COMPILE) --python-version 3.11 --output-file $$folder/requirements.lock $$folder/requirements.in || exit 1; \
	done

docs: setup                    ## the parts of docs/ made from code, seeds and tests: settings, codes, and the tests of the contract
	$(BIN)/python -m orchestration.core.settings_reference
	$(BIN)/python -m publish.guide
	$(BIN)/python -m tests.support.third_parties
	$(BIN)/python -m tests.support.data_dictionary
	$(BIN)/python -m tests.support.law

wheel: setup                   ## dist/sluttdato-<version>-py3-none-any.whl, to be installed elsewhere
	rm -rf dist build/lib build/bdist.*   # or files removed since the last build would still be in it
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --wheel-dir dist .

wheel-check: wheel             ## the wheel as the image runs it: in an empty environment and a read-only root (needs bubblewrap)
	$(BIN)/python .ci/wheel_check.py dist/*.whl

clean:
	rm -rf $(VENV) *.egg-info dist dbt_project/target dbt_project/logs
