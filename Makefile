# Two commands do everything on a fresh machine with Python 3.11 or newer and make:
#   make run     the service, with its embedded database and no key
#   make test    all tests
PYTHON ?= python3
RUN := .venv/bin
DEV := .venv-dev/bin

.PHONY: run test check format lint types layers lock clean

run: .venv/ready
	$(RUN)/ticketgraph serve

test: .venv-dev/ready
	$(DEV)/python -m pytest

check: .venv-dev/ready format lint types layers test

format: .venv-dev/ready
	$(DEV)/ruff format --check .

lint: .venv-dev/ready
	$(DEV)/ruff check .

types: .venv-dev/ready
	$(DEV)/pyright

layers: .venv-dev/ready
	$(DEV)/lint-imports

.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(RUN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(RUN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv-dev/ready: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv-dev
	$(DEV)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(DEV)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Needs uv. The lock files name no index, so that they work with any.
lock:
	uv pip compile pyproject.toml --extra dev --extra build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q -o requirements-dev.txt
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q -o requirements.txt -c requirements-dev.txt

clean:
	rm -rf .venv .venv-dev .pytest_cache .ruff_cache .hypothesis
