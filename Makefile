# Two commands do everything on a fresh machine with Python 3.11 or newer: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PORT ?= 8501
AUDITORS := $(VENV)/audit
OLDER_DUCKDB := 1.5.6
OLDER := $(VENV)/duckdb-$(OLDER_DUCKDB)
# What touches DuckDB most: the store, the roll-up and the vectors of decks.
ON_BOTH := $(addprefix tests/test_, duckdb_versions.py store.py rollup.py conformance_deck.py)

# Hundreds of short processes import the package in the tests: compiled once, not by each.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install demo test lint bench torture engines audit lock wheel clean

install: $(INSTALLED)

# pip is asked only when the lock or the project file changed, so that a second run takes seconds.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo "The venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	$(BIN)/wbr demo data/wrenfield --port $(PORT)

# The oldest DuckDB that is supported, beside the locked one: who has it first on the path runs on it.
$(OLDER)/.installed: tests/duckdb-$(OLDER_DUCKDB).lock $(INSTALLED)
	@rm -rf $(OLDER)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--require-hashes --target $(OLDER) -r $<
	@touch $@

test: install $(OLDER)/.installed
	@sh tests/browser.sh
	@sh tests/postgres.sh
	@sh tests/poppler.sh
	@sh tests/proxies.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile
	PYTHONPATH=$(CURDIR)/$(OLDER) SIXTWELVE_DUCKDB=$(OLDER_DUCKDB) $(BIN)/python -m pytest -n auto --dist worksteal \
		-k "not no_kill and not prints_the_same_document and not gone_on_with" $(ON_BOTH)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

torture: install
	@for each in tests/torture/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

# Databases too heavy for every run; a missing one fails.
engines: install
	@sh tests/mariadb.sh
	@sh tests/engines.sh $(VENV)
	$(BIN)/python -m pytest tests/engines/*.py

# The lock names every package with its hashes and no index address; the second is what a server needs of it.
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header \
		--extra postgres --extra mysql --extra clickhouse --extra test pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate \
		--extra postgres --extra mysql -c requirements.lock pyproject.toml -o deploy/requirements.lock
	echo "duckdb==$(OLDER_DUCKDB)" | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate - -o tests/duckdb-$(OLDER_DUCKDB).lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate -c requirements.lock tests/engines/requirements.in -o tests/engines/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate tests/engines/server.in -o tests/engines/server.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate deploy/audit.in -o deploy/audit.lock

# Ends with 2 where the vulnerability service could not be asked: that is no clean bill of health.
audit: install $(AUDITORS)/.installed
	@$(BIN)/python deploy/audit.py $(AUDITORS)/bin

# In an environment of their own: what they bring along would be audited, and makes every start of `wbr` slower.
$(AUDITORS)/.installed: deploy/audit.lock
	@$(PYTHON) -m venv --clear $(AUDITORS)
	$(AUDITORS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

wheel: install
	$(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf $(VENV) dist
