# One door for people and CI. `make demo` and `make test` each work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 4
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check bench docs soak lock clean

demo: $(VENV)/run.stamp
	PATH="$(abspath $(BIN)):$$PATH" snakemake --cores $(CORES)

test: $(VENV)/test.stamp
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pytest

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/python -m talkmill.specs.documents --check

docs: $(VENV)/run.stamp
	$(BIN)/python -m talkmill.specs.documents --write

# All of the crash matrix, the random kills, the races, the faults and the model, and two runs that are killed thirty times:
# about fifteen minutes.
soak: $(VENV)/test.stamp
	TALKMILL_SOAK=1 PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pytest -s tests/crash tests/money tests/workflow/paid/test_at_once.py

bench: $(VENV)/test.stamp
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m benchmarks

# The versions that are installed are those of the lock files, checked by hash.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Talkmill needs Python 3.11, 3.12 or 3.13 (found %d.%d). Name one: make PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/test.stamp: requirements-test.lock $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-test.lock
	$(BIN)/talkmill weights fetch face-mesh
	touch $@

# Renew the lock files from pyproject.toml.
lock: | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--extra build --extra test --extra cjk pyproject.toml -o requirements-test.lock

clean:
	rm -rf build out .snakemake
