# Two commands do everything on a fresh machine with Python 3.11 or newer and make:
#   make run     the service, with its embedded database and no key
#   make test    all tests, in about 10 minutes on two cores; make test-fast takes about one
PYTHON ?= python3
RUN := .venv/bin
DEV := .venv-dev/bin

.PHONY: run test test-fast test-calendar check format lint types layers lock clean

run: .venv/ready
	$(RUN)/ticketgraph serve

TESTS := -n 2 --dist worksteal

test: .venv-dev/ready
	@echo "All tests, in two processes: about 10 minutes on two cores."
	$(if $(AHEAD),$(call ON_DAY,$(AHEAD))) $(DEV)/python -m pytest $(TESTS)

test-fast: .venv-dev/ready
	@echo "Unit tests and the specification: about a minute on two cores."
	$(DEV)/python -m pytest $(TESTS) tests/unit tests/spec

# What depends on the day, in 400 days, as CI runs it. Another day: make test-calendar DAY="2028-02-29 23:59:45".
# The whole suite on another day: make test AHEAD="now 400 days". Needs Debian's `faketime`, which moves the wall
# clock only; tests/clock_ahead says what Python needs besides.
DAY := now 400 days
CALENDAR := tests/parked $(addprefix tests/integration/, test_deadlines.py test_expiry_served.py test_pruning.py \
  test_cli_retention.py test_idempotency.py test_audit_log.py) tests/unit/policies/deciding/test_expiry.py \
  tests/unit/policies/desk/test_sla.py tests/unit/models/test_budget.py
ON_DAY = FAKETIME_DONT_FAKE_MONOTONIC=1 PYTHONPATH=tests/clock_ahead faketime -f \
  "+$$(( $$(date -u -d "$(1)" +%s) - $$(date +%s) ))s"

test-calendar: .venv-dev/ready
	$(call ON_DAY,$(DAY)) $(DEV)/python -m pytest $(TESTS) $(CALENDAR)

check: .venv-dev/ready format lint types layers test

format: .venv-dev/ready
	$(DEV)/ruff format --check .

lint: .venv-dev/ready
	$(DEV)/ruff check .

types: .venv-dev/ready
	$(DEV)/pyright

layers: .venv-dev/ready
	$(DEV)/lint-imports

# From nothing each time, so that a half-made environment is replaced. The pip that came with Python
# only installs the pinned pip, and that one installs the lock, which is complete: --no-deps.
# The setuptools that came with Python 3.11 is no requirement of ours: 10 MB.
# A package without a wheel (one of langgraph dev's) is built with the pinned setuptools.
# Without --no-compile, a third of the environment would be compiled files that nothing imports.
define make_environment
@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Needs Python 3.11 or newer, \
as in: make PYTHON=python3.12. This is " + sys.version)'
@echo "Making $(@D): $$(grep -c '^[a-z]' $<) packages, $(1). Once; again when they change."
$(PYTHON) -m venv --clear $(@D)
$(INSTALL) --no-deps --require-hashes -r requirements-installer.txt
@$(@D)/bin/python -m pip uninstall --quiet --yes setuptools
$(INSTALL) --no-deps --no-compile --require-hashes --build-constraint requirements-build.txt -r $<
$(INSTALL) --no-deps --no-compile --no-build-isolation -e .
@touch $@
@echo "Made $(@D): $$(du -sm $(@D) | cut -f1) MB."
endef
SETUP := requirements-installer.txt requirements-build.txt pyproject.toml
INSTALL = $(@D)/bin/python -m pip install --disable-pip-version-check

.venv/ready: requirements.txt $(SETUP) .venv/bin/python
	$(call make_environment,about 370 MB in 15 to 60 seconds)

.venv-dev/ready: requirements-dev.txt $(SETUP) .venv-dev/bin/python
	$(call make_environment,about 1080 MB in one to two minutes)

# Missing, also behind a link, once the Python that made the environment was removed.
.venv/bin/python .venv-dev/bin/python: ;

# Needs uv. The lock files name no index, so that they work with any. Without the old lock files,
# every package is taken at its newest version.
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-strip-extras \
  --no-emit-index-url --no-header --no-annotate
lock:
	$(LOCK) pyproject.toml --extra dev --extra build -o requirements-dev.txt
	$(LOCK) pyproject.toml --extra build -o requirements.txt -c requirements-dev.txt
	echo pip | $(LOCK) - -o requirements-installer.txt
	echo setuptools | $(LOCK) - -o requirements-build.txt

clean:
	rm -rf .venv .venv-dev .pytest_cache .ruff_cache .hypothesis
