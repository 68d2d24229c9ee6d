# Every target does its own set-up; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_NEEDS := nginx-light curl aria2 rclone jq ffmpeg strace s5cmd
CAMPAIGNS := faults power fuzz soak kill workers steps memory links twice certificates lies erase holds

.DEFAULT_GOAL := help
.PHONY: help demo test lint types floors suite quick measure bench bench-find audit test-s3 test-web test-cluster bucket $(CAMPAIGNS) reliability lock dist corpus schemas clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(READY) ## Archive an embedded sandbox portal into ./demo-archive and check the result
	@$(BIN)/archiver demo --archive demo-archive

test: $(READY) ## Run the suite, and beside it the linter, the type checker and the floors
	@$(MAKE) --no-print-directory --jobs 2 lint types floors suite

lint: $(READY) ## Lint and check the formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check the types
	$(BIN)/mypy

floors: $(READY) ## Hold the architecture's floors
	$(BIN)/lint-imports

suite: $(READY) ## Run the tests
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal

quick: $(READY) ## Run the tests but for whole runs, programs, buckets and disks; about a minute
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal \
	  --ignore=tests/pull --ignore=tests/s3 --ignore=tests/store -m "not slow"

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "archiver needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

faults: $(READY) ## Faults of disk, clock, limits and signals; about 4 minutes (INSTALL=1 gets strace, faketime)
	@command -v strace >/dev/null && command -v faketime >/dev/null \
	  || if [ "$(INSTALL)" = 1 ]; then apt-get install --yes strace faketime; \
	  else echo "For all of it: apt-get install strace faketime"; fi
	$(BIN)/python -m tests.campaigns.faults $(RECORD)

power: $(READY) ## Take the power away at any step of storing and pulling; about 100 seconds
	$(BIN)/python -m tests.campaigns.power $(RECORD)

fuzz: $(READY) ## Fuzz every reader of foreign bytes, a minute each; about 16 minutes
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
	  --requirement requirements-fuzz.lock || echo "There is no wheel of the fuzzer for this machine."
	$(BIN)/python -m tests.campaigns.fuzz $(RECORD)

soak: $(READY) ## Do anything in any order, then archive 10,000 recordings through a storm; about 6 minutes
	$(BIN)/python -m tests.campaigns.soak $(RECORD)

test-s3: $(READY) ## Ask real S3 servers what they do; about two minutes (INSTALL=1 installs Ceph and LocalStack)
	$(BIN)/python -m tests.s3servers $(if $(INSTALL),--install)

test-web: $(READY) ## Use the page of archiver report in headless Chromium; about two minutes (INSTALL=1 installs it)
	$(BIN)/python -m tests.web $(if $(INSTALL),--install) $(if $(PICTURES),--pictures $(PICTURES))

test-cluster: $(READY) ## Pull by a Dask cluster, its workers killed and added; about 10 minutes (INSTALL=1 installs it)
	$(if $(INSTALL),$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement requirements-dask.lock)
	$(BIN)/python -m tests.campaigns.cluster $(RECORD)

bucket: $(READY) ## Cut off, race for, lock and weigh an archive in Ceph; about 15 minutes (INSTALL=1 installs it)
	$(BIN)/python -m tests.campaigns.bucket $(if $(INSTALL),--install) $(RECORD)

kill: $(READY) ## Kill a pull of 500 recordings at 50 random moments; about a minute
	$(BIN)/python -m tests.campaigns.kill $(RECORD)

workers: $(READY) ## Kill 50 worker processes of pulls at random moments; about two minutes
	$(BIN)/python -m tests.campaigns.workers $(RECORD)

steps: $(READY) ## Kill a small pull before and after each step on the disk; about 5 minutes
	$(BIN)/python -m tests.campaigns.steps $(RECORD)

erase: $(READY) ## Kill erase, dispose, hold and copy before and after each step on the disk; about 10 minutes
	$(BIN)/python -m tests.campaigns.erase $(RECORD)

memory: $(READY) ## Measure the memory of pulls of 2,000 and of 20,000 recordings; about 3 minutes
	$(BIN)/python -m tests.campaigns.memory $(RECORD)

links: $(READY) ## Pull over links that live 3 seconds, or are refused; about a minute
	$(BIN)/python -m tests.campaigns.links $(RECORD)

twice: $(READY) ## Let two pulls begin at the same moment, 1,000 times; about 4 minutes
	$(BIN)/python -m tests.campaigns.twice $(RECORD)

certificates: $(READY) ## Plant gaps of every kind among 100,000 calls and certify their days; about 4 minutes
	$(BIN)/python -m tests.campaigns.certificates $(RECORD)

lies: $(READY) ## Hold 20,000 nights under a lying portal, clock and disk to the truth; 30 minutes at most
	$(BIN)/python -m tests.campaigns.lies $(RECORD)

holds: $(READY) ## Race holds and erasures for one recording, 1,000 times; about 10 minutes
	$(BIN)/python -m tests.campaigns.holds $(RECORD)

bench: $(READY) ## Time it beside curl, aria2, rclone and scripts; about 15 minutes (CASE=bulk: that alone; INSTALL=1)
	$(if $(INSTALL),@for each in $(BENCH_NEEDS); do apt-get install --yes --quiet $$each || echo "There is no $$each here."; done)
	$(BIN)/python -m tests.bench $(addprefix --case ,$(CASE)) $(RECORD)

bench-find: $(READY) ## Time questions to the catalog of a million recordings; about 5 minutes
	$(BIN)/python -m tests.bench.finding $(RECORD)

measure: ## Say how large the code is, and where it is too large
	@$(PYTHON) -m tests.measure

audit: $(READY) ## Look for known holes in the lock file; says so where their database can't be reached
	@test -x .venv-audit/bin/pip-audit || { $(PYTHON) -m venv --clear .venv-audit \
	  && .venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement requirements-audit.lock; } || echo "pip-audit can't be installed here."
	@$(BIN)/python -m tests.known_holes .venv-audit/bin/pip-audit || test $$? -eq 75

reliability: ## Run every campaign and write its figures to docs/reliability.md; about an hour
	@for campaign in $(CAMPAIGNS); do $(MAKE) $$campaign RECORD=--record || exit 1; done

lock: $(READY) ## Pin the newest allowed versions into requirements.lock (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --extra dev --extra keyring --upgrade \
	  --python-version 3.11 --custom-compile-command "make lock" --quiet --output-file requirements.lock pyproject.toml
	uv pip compile --universal --generate-hashes --no-emit-index-url --upgrade \
	  --constraint requirements.lock --python-version 3.11 --custom-compile-command "make lock" --quiet \
	  --output-file requirements-run.lock pyproject.toml
	uv pip compile --universal --generate-hashes --no-emit-index-url --group fuzz --upgrade \
	  --python-version 3.11 --custom-compile-command "make lock" --quiet --output-file requirements-fuzz.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --group pyproject.toml:localstack --upgrade \
	  --python-version 3.11 --custom-compile-command "make lock" --quiet --output-file requirements-localstack.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --group pyproject.toml:audit --upgrade \
	  --constraint requirements.lock --python-version 3.11 --custom-compile-command "make lock" --quiet \
	  --output-file requirements-audit.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --extra dask --upgrade \
	  --constraint requirements.lock --python-version 3.11 --custom-compile-command "make lock" --quiet \
	  --output-file requirements-dask.lock pyproject.toml

dist: $(READY) ## Build wheel and sdist, and try the wheel in a bare environment
	rm -rf dist
	$(BIN)/python -m hatchling build
	@bare=$$(mktemp -d) && trap 'rm -rf "$$bare"' EXIT \
	  && $(PYTHON) -m venv $$bare/venv \
	  && $$bare/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-run.lock \
	  && $$bare/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps dist/*.whl \
	  && $$bare/venv/bin/archiver --version \
	  && $$bare/venv/bin/archiver demo --archive $$bare/archive

corpus: $(READY) ## Rebuild the test audio (needs lame, ffmpeg, sox, flac and Xiph's encoders)
	@for tool in lame ffmpeg sox flac opusenc oggenc speexenc; do command -v $$tool >/dev/null \
	  || { echo "$$tool is missing: apt-get install lame ffmpeg sox libsox-fmt-all flac opus-tools vorbis-tools speex"; exit 1; }; done
	$(BIN)/python tests/corpus/make.py

schemas: $(READY) ## Write the schemas in manifests/ out of the classes that are the format
	$(BIN)/python -m tests.schemas

clean: ## Remove the environment, caches and the demo's archive
	rm -rf $(VENV) .venv-audit .venv-localstack dist demo-archive .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
