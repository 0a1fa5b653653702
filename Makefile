# Two commands for a fresh machine (Debian with cargo, node and python3):
#   make demo               what is a customer worth? The engine on a real log, then the console with an example firm
#   make demo FIRM=cdnow    the console with the real log
#   make test               every test, on SQLite and PostgreSQL, in a real browser
# Both install what is missing and may be run again at any time.

FIRM ?= example
PORT ?= 8080
DATA ?= data/$(FIRM)
CUSTOMERS ?= 20000
SEED ?= 1

# Compiled dependencies live outside the checkout when a place for them is given, so that a clean
# checkout need not rebuild the world.
ifdef PATRON_CACHE
export CARGO_TARGET_DIR ?= $(PATRON_CACHE)/target
endif
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: demo test check deny api build console bench screenshots help

help:
	@sed -n '2,5s/^# *//p' Makefile

demo: build
	@scripts/demo.sh "$(TARGET)/quick/patron" "$(FIRM)" "$(DATA)" "$(PORT)" "$(CUSTOMERS)" "$(SEED)"

build: console
	@echo "==> building patron (profile quick; about thirteen minutes on two cores the first time)"
	cargo build --profile quick -p patron --locked

console:
	@scripts/install.sh console
	@scripts/console.sh

test:
	@scripts/install.sh test
	@scripts/test.sh

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd web && npm run check

# Licences, known vulnerabilities, where dependencies come from.
deny:
	cargo deny check

# Writes the contract of the HTTP API and the console's types from the code.
api:
	cargo run --quiet --locked --bin patron -- openapi > openapi.json.new
	mv openapi.json.new openapi.json
	cd web && npm run --silent api

bench: build
	python3 benches/run.py --patron "$(TARGET)/quick/patron"

screenshots: build
	@scripts/install.sh test
	cd web && PATRON_BINARY="$(abspath $(TARGET))/quick/patron" npm run screenshots
