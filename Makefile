# make demo    question-answer pairs from two real documents by a real model, from nothing
# make test    everything that has to hold: set-up, then make check
# make cluster the tests that start a Ray cluster and kill its parts: five minutes, alone
# make bench   what is measured; results go to bench/results

PYTHON ?= python3
BIN := .venv/bin
# torch is named so that a processor-only machine does not fetch gigabytes of CUDA.
TORCH ?= torch==2.13.0
# Modules are compiled when they are first imported, and most never are.
INSTALL ?= $(BIN)/python -m pip install --quiet --no-compile

.PHONY: demo test check tests cluster lint style types bench model clean

demo: .venv/base model
	@mkdir -p out
	$(BIN)/qa3 extract examples/documents/apollo11.pdf -o out/apollo11.jsonl
	$(BIN)/qa3 extract examples/documents/hzmb.pdf -o out/hzmb.jsonl

test: .venv/all model
	$(MAKE) check

check:
	$(MAKE) -j 3 tests lint

tests:
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not cluster" --no-loadscope-reorder $(TESTS)

cluster:
	$(BIN)/python -m pytest tests/chains/test_cluster.py -m cluster

lint: types style

style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# In the time that tests wait for something.
types:
	nice -n 19 $(BIN)/mypy

bench: .venv/all
	$(BIN)/python -m bench.asking
	$(BIN)/python bench/parsing.py
	$(BIN)/python bench/loading.py
	$(BIN)/python bench/dedupe_quality.py
	$(BIN)/python bench/dedupe.py
	$(BIN)/python bench/embedding.py
	$(BIN)/python bench/grounding.py
	$(BIN)/python -m bench.answering_again
	$(BIN)/python -m bench.retrieval
	$(BIN)/python -m bench.viewer
	$(BIN)/python -m bench.desk
	$(BIN)/python -m bench.rest
	$(BIN)/python -m bench.service_memory
	$(BIN)/python -m bench.endpoint
	$(BIN)/python -m bench.whole
	$(BIN)/python -m bench.real_model
	$(BIN)/python -m bench.peers
	$(BIN)/python -m bench.soak

# The official hubs first; where none answers, the same bytes by another way, under the same sum.
model: .venv/base
	@$(BIN)/qa3 model download || $(BIN)/python .ci/place_model.py

.venv/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

.venv/base: .venv/pip pyproject.toml constraints.txt
	$(INSTALL) -c constraints.txt -e .
	@touch $@

.venv/all: .venv/pip pyproject.toml constraints.txt
	$(INSTALL) -c constraints.txt "$(TORCH)" -e ".[all,dev]"
# Alone: its command line, which no test uses, wants an older typer than ours.
	$(INSTALL) --no-deps -c constraints.txt openapi-python-client ruamel.yaml
	@touch .venv/base $@

clean:
	rm -rf .venv out build dist *.egg-info
