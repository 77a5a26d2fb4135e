# The same commands on your machine and in CI. On Windows use the pip lines of README.md.
.PHONY: book serve offline html test check links binder bench clean help
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   ?= .venv
JOBS   ?= 2
PORT   ?= 8000

BIN   := $(VENV)/bin
READY := $(VENV)/.installed
SITE  := _build/html/index.html
NOTEBOOKS = $(wildcard book/*.ipynb)

# One thread for each process. A matrix product that is split over threads adds its terms in another
# order on another machine, and after some hundred updates of training a rounding error is a visible
# difference. It is also faster: our matrices are small, and the tests already use every core.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1
# Jupyter would warn, on every start of a kernel, about a change of its folders that does not touch us.
export JUPYTER_PLATFORM_DIRS := 1
# Chapters run this many at a time.
export JOBS
# Tests of widgets wait for their browser now and then, so one more of them than of chapters keeps the cores busy.
WORKERS ?= $(shell expr $(JOBS) + 1)

help:
	@echo "make book    build the book into _build/html and say where to open it"
	@echo "make serve   the same, then serve it on http://localhost:$(PORT)"
	@echo "make offline the same, as one zip for a classroom without a network"
	@echo "make test    build the book, then check types and run every test and every chapter"
	@echo "make check   lint, format, types, and the order of imports"
	@echo "make links   build the book and check its links, those to other sites too"
	@echo "make binder  do Binder's steps in an empty environment and run every chapter there"
	@echo "make bench   measure speed and memory, beside PyTorch: a quarter of an hour"
	@echo "make clean   remove what was built and the virtual environment"

# Installs again only when a list of requirements has changed.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "This book needs Python 3.11 or newer. Say which one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# --all: pages are written anew each time, so a warning cannot hide in a page that was built before.
# Running the chapters is what takes long, and they come from the cache unless code has changed.
html: $(READY)
	@rm -f $(SITE)
	$(BIN)/jupyter-book build . --all -W -n --keep-going --quiet

book: html
	@echo "The book is ready. Open $(CURDIR)/$(SITE)"

serve: html
	@echo "The book is at http://localhost:$(PORT) until you press Ctrl+C."
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(dir $(SITE))

offline: html
	@echo "The book as one file: $(CURDIR)/_build/html/rnnbook-offline.zip"

test: html
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
	$(if $(NOTEBOOKS),$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -W default --nbval-lax --nbval-cell-timeout=120 $(NOTEBOOKS))

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

links: html
	$(BIN)/python scripts/links.py --elsewhere

binder: $(READY)
	$(BIN)/python scripts/binder_replay.py

# All of it, into benchmarks/RESULTS.md and book/data/speed.json, which the book shows. It wants a quiet machine.
bench: $(READY)
	$(BIN)/python -m benchmarks --write

clean:
	rm -rf _build $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
