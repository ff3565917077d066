# `make run` and `make test` are all the set-up there is: what is missing is fetched first.
# ARGS goes to the command, e.g. `make run ARGS=--no-demo` or `make test ARGS="tests/test_stock.py -k hold"`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
PY := $(VENV)/bin/python
ARGS ?=
# COVERAGE=0 has `make check` measure nothing.
COVERAGE ?= 1

help: ## list what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# `exec` everywhere: a shell between make and the program would die alone and leave the program running.
run: base assets ## start Showfloor on this machine
	@exec $(PY) manage.py up $(ARGS)

test: dev assets checkers ## the tests, on every core, without the long proofs unless ARGS names some
	@exec $(PY) -m pytest --numprocesses auto $(if $(ARGS),$(ARGS),-m "not slow")

check: dev assets checkers ## lint, types, architecture, settings, migrations, then every test, the long proofs too, and what they covered
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	node_modules/.bin/prettier --check static
	node_modules/.bin/eslint static/js
	node_modules/.bin/tsc
	SECRET_KEY=$(THROWAWAY_KEY) $(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	env $(PRODUCTION_LIKE) $(PY) manage.py check --deploy --fail-level WARNING
	env $(PRODUCTION_LIKE) $(PY) manage.py makemigrations --check --dry-run
	@rm -rf .coverage && mkdir .coverage
	@export COVERAGE=$(COVERAGE); $(MAKE) --no-print-directory test ARGS='-m "" --cache-clear $(ARGS)' || { \
		echo "Once more, alone: what failed beside the others."; \
		$(PY) -m pytest -m "" --last-failed --last-failed-no-failures none; }
	@[ "$(COVERAGE)" != 1 ] || { $(VENV)/bin/coverage combine --quiet && \
		$(VENV)/bin/coverage json --quiet -o - | $(PY) .ci/coverage_by_app.py; }

format: dev assets checkers ## lay out Python, scripts and style sheets as `make check` wants them
	$(VENV)/bin/ruff format .
	node_modules/.bin/prettier --write --log-level warn static

soak: dev assets ## kill everything at random for two minutes while people buy; thousands of steps of orders
	@export KILL_LOAD_S=$${KILL_LOAD_S:-120} SOAK_EXAMPLES=$${SOAK_EXAMPLES:-1000} && \
		exec $(PY) -m pytest -s tests/test_kill.py tests/test_orders_machine.py $(ARGS)

bench: dev assets ## measure; writes bench/results/*.json
	@exec $(PY) -m bench $(ARGS)

diagram: base ## draw the data model anew, into docs/data-model.md
	env SECRET_KEY=$(THROWAWAY_KEY) $(PY) manage.py draw_data_model

tag: ## tag this commit with the version of pyproject.toml, which CHANGELOG.md must have
	@version=$$(sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml) && \
		{ [ -z "$$(git status --porcelain)" ] || { echo "Commit first: a tag names a commit."; exit 1; }; } && \
		{ grep -q "^## \[$$version\] - " CHANGELOG.md || { echo "CHANGELOG.md has no [$$version] with its date."; exit 1; }; } && \
		git tag --annotate "v$$version" --message "Showfloor $$version" && echo "v$$version"

requirements: dev ## pin the packages anew
	cd requirements && for name in bootstrap base dev; do \
		../$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
			--no-emit-index-url --custom-compile-command 'make requirements' $$name.in --output-file $$name.txt; \
	done

clean: ## remove what set-up made; the data in SHOWFLOOR_HOME stays
	rm -rf $(VENV) node_modules static/npm .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

THROWAWAY_KEY = $$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')
PRODUCTION_LIKE = SECRET_KEY=$(THROWAWAY_KEY) SITE_URL=https://shop.example.com TRUSTED_PROXIES=1 \
	STAFF_SECOND_FACTOR=1 STREAM_LIMIT_TOKEN=$(THROWAWAY_KEY) PAYMENT_PROVIDER=stripe STRIPE_SECRET_KEY=none STRIPE_PUBLISHABLE_KEY=none STRIPE_WEBHOOK_SECRET=none

# --- Set-up: each step runs only when what it depends on has changed ---

STAMPS := $(VENV)/.stamps

base: $(STAMPS)/base
dev: $(STAMPS)/dev

# A virtual environment whose interpreter is gone (an upgrade, a move) is made anew.
ifneq ($(shell $(PY) -c 'print("ok")' 2>/dev/null),ok)
.PHONY: $(STAMPS)/venv
endif

$(STAMPS)/venv:
	@bash deploy/make-venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/bootstrap: requirements/bootstrap.txt $(STAMPS)/venv
	@echo "Fetching the installer …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(STAMPS)/base $(STAMPS)/dev: $(STAMPS)/%: requirements/%.txt $(STAMPS)/bootstrap
	@bash deploy/install-packages $(VENV) $<
	@touch $@

# Everything works without these but live video in browsers that can't play HLS themselves.
assets: static/npm/hls.mjs

static/npm/hls.mjs: package-lock.json
	@bash deploy/fetch-assets

# What scripts, style sheets and pages are checked with. The stamp lies among what it stands for: whatever empties node_modules takes it along.
checkers: node_modules/.checkers

node_modules/.checkers: package-lock.json | static/npm/hls.mjs
	@bash deploy/fetch-checkers

.PHONY: help run test check format soak bench diagram tag requirements clean base dev assets checkers
