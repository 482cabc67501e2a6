# Everything one does here. `make help` lists it; CI calls the same commands.

MAKEFLAGS += --no-print-directory
SHELL := bash
PYTHON := .venv/bin/python
NPM := $(PYTHON) scripts/npm.py
STATE_MACHINE := tests/properties/test_account_machine.py
CLOSING := tests/integration/test_closed_periods.py::test_closed_days_stay_and_what_came_late_adjusts_them
TORTURE := DUMONT_ECONOMY_TORTURE=1 $(PYTHON) -m pytest -rP --timeout=5400 -n 2 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup demo run dev test torture mutants lint types snapshots api-types screenshot bench bench-prices bench-web e2e-all dist lock

help: ## list the commands
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## prepare this folder for work
	@scripts/setup.sh dev

demo: ## show the live dashboard on sample data
	@scripts/setup.sh run
	@.venv/bin/economy demo

run: ## run the server on its own database
	@scripts/setup.sh run
	@.venv/bin/economy serve

dev: setup ## run a reloading server and Vite together
	@$(PYTHON) scripts/dev.py

lint: setup ## check style and formatting, Python and front end
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(NPM) run lint

types: setup ## check types, Python and front end
	$(PYTHON) -m mypy
	$(NPM) run typecheck

# pytest comes last: its closing line is the result. The state machine goes before all other tests, in
# processes of its own: in some that had run thousands of tests it took six times as long, at the end.
test: lint types ## run every check and every test
	@scripts/setup.sh test
	$(NPM) run test
	$(NPM) run size
	$(PYTHON) -m pytest -n 3 --dist worksteal $(STATE_MACHINE)
	$(PYTHON) -m pytest -n 3 --dist worksteal --ignore=$(STATE_MACHINE)

torture: setup ## run the fault tests and the laws in full size, 90 minutes at most
	@scripts/setup.sh test
	$(TORTURE) $(STATE_MACHINE)
	$(TORTURE) --ignore=$(STATE_MACHINE) tests/faults tests/properties tests/e2e/test_changes_arrive.py $(CLOSING)

e2e-all: setup ## look at every page in every state, theme, language and width; pictures in test-results/screens
	@scripts/setup.sh test
	DUMONT_ECONOMY_E2E_ALL=1 $(PYTHON) -m pytest tests/e2e/test_every_page.py -n 2 --dist worksteal

mutants: setup ## make mistakes in the rating core and see that a test notices each: SAMPLE=60 SEED=1
	@scripts/setup.sh test
	$(PYTHON) scripts/mutants.py $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

snapshots: setup ## write the reviewed API answers and the price report anew
	$(PYTHON) -m pytest tests/api tests/integration/prices/test_report.py --update-snapshots

# Not after setup, which builds the screen: that fails while its types are behind.
api-types: ## write the screen's types of the API's answers anew
	@test -x $(PYTHON) || scripts/setup.sh dev
	$(PYTHON) -m scripts.api_types

screenshot: ## take the README's picture from the demo
	@scripts/setup.sh test
	@$(PYTHON) scripts/screenshot.py

bench-prices: setup ## time the price book against gpuhunt and sqlite3, and how it loads and starts
	@$(PYTHON) scripts/bench_prices.py $(RATES)
	@$(PYTHON) scripts/bench_start.py

bench-web: ## measure the screen in Chromium against its budgets: MINUTES=30
	@scripts/setup.sh test
	@$(PYTHON) -m scripts.bench_web $(MINUTES)

bench: setup ## time a ledger's answers, ingest and rating, on both databases
	@scripts/setup.sh test
	@$(PYTHON) -m scripts.bench_ledger $(EVENTS)

dist: setup ## build the wheel and the sdist into dist/
	$(PYTHON) -m hatchling build --target sdist --target wheel

lock: setup ## resolve the locked requirements anew
	scripts/lock.sh
