# Two commands do everything on a fresh machine with Python 3.11 or newer: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PORT ?= 8501

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

test: install
	@sh tests/browser.sh
	@sh tests/postgres.sh
	@sh tests/poppler.sh
	@sh tests/proxies.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile

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
	$(BIN)/python -m pytest tests/engines/*.py

# The lock names every package with its hashes and no index address; the second is what a server needs of it.
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header \
		--extra postgres --extra mysql --extra clickhouse --extra test --extra audit pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate \
		--extra postgres --extra mysql -c requirements.lock pyproject.toml -o deploy/requirements.lock

# Ends with 2 where the vulnerability service could not be asked: that is no clean bill of health.
audit: install
	@$(BIN)/python deploy/audit.py

wheel: install
	$(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf $(VENV) dist
