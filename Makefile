# Every verb of this repository. `make help` lists them; each is a thin name for a script or a module.
SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VENV := .venv/bin
INSTALLED := .venv/.complete
KAFKA_JARS := .venv/kafka/.complete
NODE_PACKAGES := $(patsubst %/package-lock.json,%,$(wildcard $(addsuffix /package-lock.json,clients/web tests/e2e/node tests/browser/node)))
WEB_MODULES := clients/web/node_modules/.complete
PRETTIER := clients/web/node_modules/.bin/prettier --config clients/web/package.json
PAGES := "samples/web/**/*.{js,css,html,webmanifest}"
NODE_MODULES := $(addsuffix /node_modules/.complete,$(NODE_PACKAGES))

##@ Setup

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nNeeds python3 >= 3.11 with venv, make and git; all else is installed into .venv.\n'

.PHONY: setup
setup: $(INSTALLED) ## Make .venv with the locked dependencies

$(INSTALLED): requirements/dev.txt pyproject.toml clients/python/pyproject.toml scripts/setup
	@scripts/setup

.PHONY: kafka
kafka: $(KAFKA_JARS) ## Fetch Apache Kafka by Maven, for the tests and for `make run KAFKA=1`

$(KAFKA_JARS): deploy/kafka/pom.xml deploy/kafka/jars.sha256 scripts/kafka | $(INSTALLED)
	@scripts/kafka

.PHONY: node
node: $(NODE_MODULES) ## Install by npm what checks the web library, the pages and the vendor's Node library

$(NODE_MODULES): %/node_modules/.complete: %/package.json %/package-lock.json scripts/node
	@scripts/node $*

.PHONY: chromium
chromium: ## Find the browser that the tests drive, or install it
	@scripts/chromium >/dev/null

.PHONY: lock
lock: $(INSTALLED) ## Lock the dependencies anew (UPGRADE=1: take the newest)
	scripts/lock $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## Remove .venv and caches; var/ (your data) stays
	rm -rf .venv $(addsuffix /node_modules,$(NODE_PACKAGES)) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Write

.PHONY: proto
proto: $(INSTALLED) ## Regenerate pushward/api from proto/
	scripts/proto

.PHONY: docs
docs: $(INSTALLED) ## Regenerate docs/events and docs/api
	scripts/event-docs
	scripts/api-docs

.PHONY: images
images: $(INSTALLED) chromium ## Draw docs/images and the device page's icons anew
	$(VENV)/python -m tests.browser.pictures

.PHONY: fmt
fmt: $(INSTALLED) $(WEB_MODULES) ## Format the code and apply the safe lint fixes
	$(VENV)/ruff check --fix-only --quiet .
	$(VENV)/ruff format .
	cd clients/web && npm run --silent format
	$(PRETTIER) --log-level=warn --write $(PAGES)

##@ Check

.PHONY: check
check: lint type imports drift ## All checks below

.PHONY: lint
lint: $(INSTALLED) $(WEB_MODULES) ## Lint and format rules (ruff, and prettier for the web library and the sample's pages)
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	cd clients/web && npm run --silent lint
	$(PRETTIER) --log-level=warn --check $(PAGES)

.PHONY: type
type: $(INSTALLED) $(WEB_MODULES) ## Types (mypy, and tsc for the web library and the sample's pages, all strict)
	$(VENV)/mypy
	cd clients/python && ../../$(VENV)/mypy .
	cd clients/web && npm run --silent type
	clients/web/node_modules/.bin/tsc --project tests/browser

.PHONY: imports
imports: $(INSTALLED) ## Who may import whom (import-linter)
	$(VENV)/lint-imports --no-logo

.PHONY: drift
drift: $(INSTALLED) ## The committed stubs and pages are what proto/, the edge and the tests generate
	scripts/check-proto
	scripts/check-event-docs
	scripts/check-api-docs

.PHONY: test
test: $(INSTALLED) $(KAFKA_JARS) $(NODE_MODULES) chromium ## All tests, with real components (ARGS="-k name" narrows)
	$(if $(ARGS),$(VENV)/pytest $(ARGS),+$(MAKE) --no-print-directory --keep-going --jobs=3 --output-sync=target $(SUITES))

# In this order, three at a time since they often wait, the long ones first; what each has to say comes when it ends.
SUITES := test-integration test-browser test-alone-1 test-alone-2 test-shared test-crash test-unit test-device test-web
# These start systems of their own, to harm or to set them up otherwise; the rest of tests/e2e shares one for each shape.
ALONE := $(addprefix tests/e2e/,cli privacy $(addsuffix .py,$(addprefix test_,consumer database_away drain forgetting insights \
	kafka_away key_encryption kills metrics parked_webhooks production relay replay_kills replay_swap restart_while_listening \
	restore traces)) fuzz quickstarts)

.PHONY: $(SUITES)
test-shared:
	$(VENV)/pytest tests/e2e $(addprefix --ignore=,$(ALONE))
test-alone-1:
	$(VENV)/pytest $(wordlist 1,8,$(ALONE))
test-alone-2:
	$(VENV)/pytest $(wordlist 9,99,$(ALONE))
test-integration test-browser test-crash: test-%:
	$(VENV)/pytest tests/$*
test-unit:
	$(VENV)/pytest tests --ignore=tests/e2e --ignore=tests/integration --ignore=tests/crash --ignore=tests/browser
test-device:
	cd clients/python && ../../$(VENV)/pytest
test-web:
	cd clients/web && npm test --silent

.PHONY: soak
soak: $(INSTALLED) $(KAFKA_JARS) ## The crash suite for long (KILLS=1000; SEED=n replays a schedule)
	PUSHWARD_CRASH_KILLS=$(or $(KILLS),1000) PUSHWARD_CRASH_SEED=$(SEED) $(VENV)/pytest -q tests/crash $(ARGS)

.PHONY: fuzz
fuzz: $(INSTALLED) $(WEB_MODULES) ## Every parser and the served OpenAPI for long (EXAMPLES=2000 REQUESTS=40; SEED=n replays the requests)
	PUSHWARD_FUZZ_EXAMPLES=$(or $(EXAMPLES),2000) PUSHWARD_FUZZ_REQUESTS=$(or $(REQUESTS),40) PUSHWARD_FUZZ_SEED=$(SEED) \
		$(VENV)/pytest -q --timeout=3600 tests/fuzz tests/e2e/fuzz $(ARGS)
	cd clients/web && PUSHWARD_FUZZ_EXAMPLES=$(or $(EXAMPLES),2000) npm run --silent fuzz

##@ Run

.PHONY: run
run: $(INSTALLED) $(if $(KAFKA),$(KAFKA_JARS)) ## Serve Pushward on 127.0.0.1:8080 and the samples on :8081, data in var/ (KAFKA=1: with Kafka)
	$(if $(KAFKA),PUSHWARD_EMBEDDED_KAFKA=1) exec $(VENV)/python -m samples.run

.PHONY: demo
demo: $(INSTALLED) ## One approval and one denial through every room, each call shown
	$(VENV)/python -m samples.demo

.PHONY: bench
bench: $(INSTALLED) $(KAFKA_JARS) ## Logins, latencies, CPU; appends, relay, subscriptions and replay a second
	$(VENV)/python -m tests.load.bench
