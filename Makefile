# One word a habit. `make serve` and `make test` work on a bare machine with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# On Linux the plain package is the CUDA build (several GB). Without an NVIDIA card, take the CPU build instead:
#   make serve TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
export HF_HUB_OFFLINE ?= 1

.PHONY: serve test lint fix bench bench-growth bench-hard eval lock audit screenshots clean

serve: $(VENV)/ready
	$(BIN)/briefdesk serve

test: $(VENV)/ready-dev
	$(BIN)/python -m pytest -m "not browser" -n 2 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m browser

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(VENV)/ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/ready-dev
	$(BIN)/python -m eval.bench
	$(BIN)/python -m tests.measure_page

# A quarter of an hour, 6 GB of disk, and the plot in docs/.
bench-growth: $(VENV)/ready-dev
	$(BIN)/python -m eval.bench growth --sizes 1000,10000,100000,1000000 --plot docs/images/growth.svg

# Half an hour: two hundred kills, a thousand broken files of each format, fifty people for ten minutes.
bench-hard: $(VENV)/ready-dev
	$(BIN)/python -m eval.bench crash
	$(BIN)/python -m tests.mutants 1000
	$(BIN)/python -m eval.bench.load

eval: $(VENV)/ready
	$(BIN)/briefdesk ingest
	$(BIN)/briefdesk eval

# Licences, the list of all parts, known vulnerabilities: reports in build/audit.
audit: $(VENV)/ready-dev
	.ci/audit

screenshots: $(VENV)/ready-dev
	$(BIN)/python -m tests.screenshots docs/images

# torch comes first and by pip: uv and a lock with hashes know only one of its builds, and users need different ones.
# --only-binary: nothing is built on installing, so that no package runs code of its own.
$(VENV)/torch:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "briefdesk needs Python 3.11 or newer; name one with PYTHON=..." && exit 1)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check $(TORCH) uv
	touch $@

$(VENV)/ready: $(VENV)/torch requirements.lock pyproject.toml
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --require-hashes --only-binary :all: -r requirements-dev.lock
	touch $@

# For every platform at once; torch and what it brings for CUDA stay out (see above).
lock:
	./lock.sh

clean:
	rm -rf $(VENV) .briefdesk
