# One definition of green: people, .ci/run and the workflows call these targets. `make` or `make help` lists them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_OPTIONS ?= -n 2 --dist loadfile

# Several threads a process make the tests slower on a busy machine, not faster.
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help setup system quickstart check format schema docs cards test clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv and install hubkit with its tools, in the versions of constraints.txt

$(READY): pyproject.toml constraints.txt tests/workflows/requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement tests/workflows/requirements.txt
	touch $@

system: ## install what the tests need from Debian: Chromium, strace
	@missing=""; \
	command -v chromium > /dev/null || missing="$$missing chromium"; \
	command -v strace > /dev/null || missing="$$missing strace"; \
	if [ -z "$$missing" ]; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends $$missing; \
	else echo "the tests that need them are skipped; install:$$missing" >&2; fi

quickstart: setup ## finetune, score and publish in small, to a Hub on this machine
	$(BIN)/hubkit train recipes/quickstart.toml --push

check: setup ## lint, format, types, layers, workflows, and what is generated
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/shellcheck -x .ci/run .github/*/*.sh .github/*/*/*.sh
	$(BIN)/actionlint -shellcheck $(BIN)/shellcheck
	$(BIN)/zizmor --offline --quiet --persona=auditor .
	$(BIN)/python -m hubkit.recipe schema | diff recipes/recipe.schema.json - || { echo "make schema" >&2; exit 1; }
	$(BIN)/python -m hubkit.recipe reference | diff docs/recipe.md - || { echo "make docs" >&2; exit 1; }

format: setup ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

schema: setup ## write recipes/recipe.schema.json from the code
	$(BIN)/python -m hubkit.recipe schema > recipes/recipe.schema.json

docs: setup ## write docs/recipe.md from the code
	$(BIN)/python -m hubkit.recipe reference > docs/recipe.md

cards: setup ## write model_cards/ from the facts kept in tests/golden/; RUN=runs/NAME takes those of a finished run
	$(BIN)/python tests/golden/renew.py $(RUN)
	WRITE_CARDS=1 $(BIN)/python -m pytest --quiet tests/unit/card/test_golden.py

test: system check ## install what is missing, check, then run the tests
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

clean: ## remove what the tools left; .venv and runs stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
