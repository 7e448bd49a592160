# Everything runs in .venv, made from requirements.lock: nothing else on the machine is touched.
PYTHON ?= python3.11
BIN = .venv/bin

.PHONY: demo test check check-code bench fuzz soak deb booted lock clean

demo: .venv/ready
	$(BIN)/careermail demo

test: .venv/ready
	$(BIN)/pytest -n $$(($$(nproc) + 1)) --dist worksteal  # one more than there are cores: much of it waits for servers

check: check-code test

check-code: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready
	$(BIN)/python -m tests.bench

# Mutants of the tests' mails, fed to the inbox: make fuzz SECONDS=3600
SECONDS ?= 60
fuzz: .venv/ready
	PYTHONPATH=tests $(BIN)/python tests/fuzz_inbox.py $(SECONDS)

# Ten years of 200 managers on the real daemon, in hours: make soak YEARS=1 MANAGERS=20 is an idea of it in minutes.
YEARS ?= 10
MANAGERS ?= 200
soak: .venv/ready
	$(BIN)/python -m tests.soak $(YEARS) $(MANAGERS)

# A package for Debian 12, and the wheels that it is made of, in build/. Wants debhelper.
deb: .venv/ready
	tools/make-deb build

# The life of the service in a machine of its own, from installation to removal. As root, with systemd-container,
# mmdebstrap and debhelper. Nobody carries that package anywhere, so it is not compressed.
booted: export DPKG_DEB_COMPRESSOR_TYPE = none
booted: deb
	$(BIN)/pytest tests/booted/story.py tests/booted/watched.py

.venv/ready: requirements.lock pyproject.toml
	tools/make-venv $(PYTHON) .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# After a change of dependencies: write down the newest versions that fit, with their hashes.
lock: .venv/ready
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --extra dev --extra standards --extra google --extra microsoft --extra exchange \
	  --generate-hashes --allow-unsafe \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --no-header \
	  --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv
