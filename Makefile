# The commands of README.md. `make help` lists them.
.DEFAULT_GOAL := help
# A test that calls make is a make inside `make test`, which would announce every directory.
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

# For one more interpreter beside the usual one: make test PYTHON=python3.13 VENV=.venv-3.13
PYTHON := $$(scripts/find-python)
VENV := .venv
IN_VENV := $(VENV)/bin/python -m
QUICK := not (slow or emulator or browser)
# The order is that of tests/conftest.py, which also keeps together what shares fixtures.
PYTEST := pytest --dist loadfile --no-loadscope-reorder

# `exec` leaves one process under make, so that make hands SIGTERM to the program itself.
.PHONY: run
run: venv ## Start the whole product on this machine and stay in the foreground
	@$(IN_VENV) scripts.web ensure
	@exec $(IN_VENV) sandbox run

.PHONY: demo
demo: venv ## Publish one demo announcement on all six channels, show the proof, stop (while nothing runs)
	@exec $(IN_VENV) sandbox demo

.PHONY: web
web: venv ## Build the web app, which `make run` does by itself where Node.js is
	@exec $(IN_VENV) scripts.web build

.PHONY: images
images: venv ## Take the documentation's pictures of the web app anew (Node.js, Chromium)
	@exec $(IN_VENV) tests.browser

.PHONY: token
token: AS := member
token: venv ## Print a fresh ID token of a demo user of the running product (AS=member)
	@exec $(IN_VENV) sandbox token $(AS)

.PHONY: test
test: infrastructure ## Run the test suite, about 15 minutes on 2 cores (ARGS="-k name" reaches pytest)
	@exec $(IN_VENV) $(PYTEST) -n auto -m "not deployed" $(ARGS)

.PHONY: quick
quick: venv ## Run the quick tests, which need nothing more than the product does (ARGS=tests/unit)
	@exec $(IN_VENV) $(PYTEST) -n auto -q -m "$(QUICK)" $(ARGS)

.PHONY: coverage
coverage: ## Check that the tests of the domain and the services cover every branch of them
	@$(MAKE) quick ARGS="tests/unit/domain tests/unit/services \
		--cov=chalicelib.domain --cov=chalicelib.services --cov-fail-under=100 $(ARGS)"

.PHONY: check
check: infrastructure ## Check formatting, lint, types, import rules, the web app and the workflows of GitHub Actions
	@$(IN_VENV) ruff format --check .
	@$(IN_VENV) ruff check .
	@$(IN_VENV) mypy app.py chalicelib infrastructure sandbox scripts benchmarks
	@$(VENV)/bin/lint-imports --no-logo
	@$(IN_VENV) scripts.web check
	@$(VENV)/bin/cfn-lint --template infrastructure/github.yaml
	@$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(VENV)/bin/zizmor --offline --quiet --no-progress .github

.PHONY: sim
sim: venv ## Simulate at least 100,000 deliveries with faults everywhere (DELIVERIES= SEED= LEVEL=low|high JOBS= MUTANTS=1 EXHAUSTIVE=1 FAULTS= RECORD=1)
	@exec $(IN_VENV) tests.simulation $(foreach name,deliveries seed level jobs save faults,$(call option,$(name))) \
		$(if $(MUTANTS),--mutants) $(if $(RECORD),--record) $(if $(EXHAUSTIVE),--exhaustive)

upper = $(shell echo $(1) | tr a-z A-Z)
option = $(if $($(call upper,$(1))),--$(1) $($(call upper,$(1))))

.PHONY: kill
kill: venv ## Kill and freeze a product of its own everywhere, count its posts, for about 25 minutes (KILLS= DELIVERIES= SEED= ONLY=calls,frozen,crowd,random)
	@exec $(IN_VENV) tests.kill $(foreach name,kills deliveries seed only,$(call option,$(name))) \
		$(if $(RECORD),--record)

.PHONY: bench
bench: venv ## Measure speed, AWS calls, memory, punctuality and the web app beside their goals (ONLY=part,… HERD= MINUTES= DUE= ARGS=--quick)
	@exec $(IN_VENV) benchmarks $(foreach name,only herd minutes due json,$(call option,$(name))) $(ARGS)

.PHONY: package
package: venv ## Package a stage for AWS Lambda into build/package: application, imaging layer, template (STAGE=prod ARCH=arm64|x86_64)
	@exec $(IN_VENV) infrastructure.packaging $(foreach name,stage arch,$(call option,$(name)))

.PHONY: synth
synth: infrastructure ## Write the stacks' templates into cdk.out and check them, without credentials (ARGS="--stage dev")
	@exec $(VENV)/bin/chalice-cdk synth $(ARGS)

# The emulated AWS runs the functions on its own interpreter, so it gets the one they are built for.
.PHONY: deployed
deployed: infrastructure ## Deploy the product to an AWS emulated on this machine, publish through it, take its rights away, about 7 minutes (ARGS="-k name")
	@cmp -s requirements-deployed.txt .venv-deployed/requirements-deployed.txt || \
		{ python=$$(scripts/find-python) && exec $$python scripts/install.py .venv-deployed requirements-deployed.txt; }
	@exec $(IN_VENV) $(PYTEST) -n 2 -m deployed tests/deployed $(ARGS)

.PHONY: cost
cost: venv ## Print what each stage costs a month, what dominates and how to cut it (COUNT=cdk.out counts a synthesised stage first)
	@exec $(IN_VENV) infrastructure.cost $(call option,count)

.PHONY: release
release: STAGE := stage
release: infrastructure ## Deploy a stage, ask whether it is well, else put the release before in its place (STAGE= INFRA_TYPE=serverless PREVIOUS=commit)
	@exec $(IN_VENV) infrastructure.release release --stage $(STAGE)

.PHONY: deploy
deploy: STAGE := stage
deploy: infrastructure ## Deploy a stage and ask whether it is well, without a way back (STAGE= INFRA_TYPE=serverless)
	@exec $(IN_VENV) infrastructure.release deploy --stage $(STAGE)

.PHONY: smoke
smoke: venv ## Ask a deployed API whether it is well and runs this release (URL=https://…/v1)
	@exec $(IN_VENV) infrastructure.smoke $(URL)

.PHONY: replay
replay: ACTION := list
replay: venv ## Show what came to a halt, or drive it again (ACTION=list|explain|dry_run|redrive SINCE= UNTIL= CHANNEL= STATUS= MESSAGE= LIMIT= STAGE=)
	@exec $(IN_VENV) scripts.replay $(ACTION) $(foreach name,since until channel status message limit stage,$(call option,$(name)))

.PHONY: export
export: venv ## Write everything the product knows to a file of JSON lines, without secrets (FILE= MEDIA=folder STAGE= TABLE=)
	@exec $(IN_VENV) scripts.move export "$(FILE)" $(foreach name,media stage table,$(call option,$(name)))

.PHONY: import
import: venv ## Take such a file in: over nothing that is there, and publishing nothing (FILE= MEDIA=folder REARM=1 STAGE= TABLE=)
	@exec $(IN_VENV) scripts.move import "$(FILE)" $(foreach name,media stage table,$(call option,$(name))) \
		$(if $(REARM),--rearm)

.PHONY: csv
csv: venv ## Make tables for PostgreSQL of an export, or with BACK=1 an export of such tables (FILE= FOLDER=)
	@exec $(IN_VENV) scripts.postgresql "$(FILE)" "$(FOLDER)" $(if $(BACK),--back)

.PHONY: restore
restore: ACTION := dry_run
restore: venv ## Doubt what a table restored to SINCE has forgotten, so that nothing is posted twice (SINCE= ACTION=dry_run|apply ASK=1 REARM=1 STAGE= TABLE=)
	@$(if $(filter-out dry_run apply,$(ACTION)),$(error ACTION=$(ACTION): dry_run or apply))
	@exec $(IN_VENV) scripts.restore "$(SINCE)" $(if $(filter apply,$(ACTION)),--apply) $(if $(ASK),--ask) \
		$(if $(REARM),--rearm) $(foreach name,stage table,$(call option,$(name)))

.PHONY: docs
docs: venv ## Regenerate the generated parts of the documentation (SYNTHESISED=cdk.out: with the stage synthesised there)
	@$(IN_VENV) sandbox.docs $(call option,synthesised)
	@exec $(IN_VENV) tests.fault_matrix

# The one tool outside the lock: it makes the lock, and nobody else has to download it.
.PHONY: lock
lock: venv ## Compile the pinned requirements anew (ARGS=--upgrade for newer versions)
	@$(IN_VENV) pip install -qq --disable-pip-version-check --target build/uv uv==0.13.8
	@for name in requirements requirements-media requirements-peers requirements-dev requirements-infrastructure \
		requirements-deployed; do \
		build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --custom-compile-command "make lock" $(ARGS) \
			$$name.in --output-file $$name.txt || exit 1; \
	done

.PHONY: clean
clean: ## Remove what these commands made in the checkout, also the virtual environment
	@rm -rf .venv .venv-* build cdk.out infrastructure/node_modules frontend/node_modules frontend/dist \
		.chalice/deployments .coverage htmlcov \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

# Quick when nothing changed; a copied stamp, unlike a time stamp, survives clones and checkouts.
.PHONY: venv
venv:
	@cmp -s requirements-dev.txt $(VENV)/requirements-dev.txt && $(VENV)/bin/python -c '' 2>/dev/null || \
		{ python=$(PYTHON) && exec $$python scripts/install.py $(VENV); }

# What only the stacks need, 800 MB: nobody waits for it who wants to run the product.
.PHONY: infrastructure
infrastructure: venv
	@cmp -s requirements-infrastructure.txt $(VENV)/requirements-infrastructure.txt || \
		exec $(VENV)/bin/python scripts/install.py $(VENV) requirements-infrastructure.txt
