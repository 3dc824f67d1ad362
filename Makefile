# What a reader needs: `make run` and `make test`. The rest is for those who change it.
# Each target installs what the machine lacks (tools/install-deps) before it builds.

BUILD ?= build
JOBS ?= $(shell nproc)
TEST_JOBS ?= $(shell expr $(JOBS) + 1) # they wait a good deal
PYTEST = /usr/bin/python3 -m pytest -q -p no:cacheprovider
TESTED = SIGNET=$(abspath $(BUILD))/src/cli/signet
LAB = /usr/bin/python3 tests/lab/lab.py run --

.PHONY: all run test unit check check-source check-commands check-letters \
	check-hostile e2e e2e-dns e2e-server e2e-server-1 e2e-server-2 package torture \
	torture-edge bench-check bench-watch bench-dkim bench-letter bench-edge \
	bench-edge-hosts bench-edge-cold bench-store bench-journal bench-ingest fuzz format \
	docs install deb clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS) --quiet

$(BUILD)/build.ninja:
	@tools/install-deps build
	@meson setup $(BUILD) >/dev/null || meson setup --wipe $(BUILD)

# The server in a small internet on this machine, and a domain that becomes verified.
run:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@$(LAB) tests/lab/tour $(BUILD)/src/cli/signet

test:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory -k -j $(TEST_JOBS) --output-sync=target check e2e

unit:
	meson test -C $(BUILD) --no-rebuild --print-errorlogs

# Parts of about the same length, which may run side by side: each lab is a network of its
# own, and nothing else is shared.
check: check-source check-commands check-letters
e2e: e2e-dns e2e-server
e2e-server: e2e-server-1 e2e-server-2

check-source:
	tools/check-layers
	tools/docs --check $(BUILD)/src/cli/signet

check-commands:
	$(TESTED) $(PYTEST) tests/cli tests/data tests/spf

check-letters:
	$(TESTED) $(PYTEST) tests/mime tests/dkim tests/dmarc tests/plan

e2e-dns:
	$(TESTED) $(LAB) $(PYTEST) tests/lab tests/e2e

e2e-server-1:
	$(TESTED) $(LAB) $(PYTEST) $(wildcard tests/server/test_[a-k]*.py)

e2e-server-2:
	$(TESTED) $(LAB) $(PYTEST) $(wildcard tests/server/test_[l-z]*.py)

# Of the commands, what is given any bytes at all: for builds that watch each access.
check-hostile:
	$(TESTED) $(PYTEST) tests/cli/test_contract.py tests/mime -k \
		'any_bytes or huge or random or odd_messages or limits or anywhere'

# Five minutes of kill -9 under load; TORTURE_SECONDS for another time.
torture:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@$(LAB) /usr/bin/python3 tests/server/torture.py $(abspath $(BUILD))/src/cli/signet

# kill -9 of edges and core under clicks; TORTURE_ROUNDS (20) of TORTURE_SECONDS (60).
torture-edge:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@$(LAB) /usr/bin/python3 tests/server/torture_edge.py \
		$(abspath $(BUILD))/src/cli/signet $(abspath $(BUILD))/tests/bench_clicks

bench-check:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@$(LAB) /usr/bin/python3 tests/bench/check.py $(abspath $(BUILD))/src/cli/signet

# A million domains in the store, checked every hour, and more added.
bench-watch:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@$(LAB) /usr/bin/python3 tests/bench/watch.py $(abspath $(BUILD))/src/cli/signet

# A whole letter on its way out against one bare signature, other libraries beside it.
bench-letter:
	@tools/install-deps bench
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 tests/bench/letter.py $(abspath $(BUILD))/tests/bench_letter

# What a DKIM signature costs a letter of 58 kB, besides the bare signature.
bench-dkim: all
	@/usr/bin/python3 tests/bench/dkim_letter.py | $(BUILD)/src/auth/dkim_bench

# What a click costs beside nginx with a constant 302; memory with very many hosts.
bench-edge:
	@tools/install-deps bench
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 tests/bench/edge.py $(BUILD)

bench-edge-hosts:
	@tools/install-deps bench
	@$(MAKE) --no-print-directory all
	@BENCH_HOSTS=1 /usr/bin/python3 tests/bench/edge.py $(BUILD)

# The first request to a host whose certificate only keys has, in a whole server.
bench-edge-cold:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@$(LAB) /usr/bin/python3 tests/bench/cold_host.py $(abspath $(BUILD))/src/cli/signet

# The store with a million domains.
DOMAINS ?= 1000000
bench-store: all
	@folder=$$(mktemp -d) && $(BUILD)/tests/bench_store $$folder $(DOMAINS); \
		status=$$?; rm -r $$folder; exit $$status

# Events into the store: judged, stored, counted, a second; what a token costs.
bench-ingest: all
	@$(BUILD)/tests/bench_token
	@folder=$$(mktemp -d $(abspath $(BUILD))/ingest.XXXXXX) && \
		$(BUILD)/tests/bench_ingest $$folder $(or $(EVENTS),1000000) data/agents.json; \
		status=$$?; rm -r $$folder; exit $$status

# What a durable record in the journal costs, on the disk of the build.
bench-journal: all
	@folder=$$(mktemp -d $(abspath $(BUILD))/journal.XXXXXX) && \
		$(BUILD)/tests/bench_journal $$folder/journal; \
		status=$$?; rm -r $$folder; exit $$status

# Every fuzz target for SECONDS, two at a time.
SECONDS ?= 60
fuzz:
	@tools/install-deps ci
	@tools/fuzz $(SECONDS)

format:
	clang-format -i src/*/*.[ch] tests/fuzz/*.[ch]

# Everything generated from the tables: the manual page and the references.
docs: all
	tools/docs --write $(BUILD)/src/cli/signet

install: all
	meson install -C $(BUILD)

# A Debian package of this build, in $(BUILD).
deb: all
	@tools/deb $(BUILD)

# The same package installed, run, upgraded and purged in a copy of this machine; for root.
package: all
	$(TESTED) $(PYTEST) tests/deb

clean:
	rm -rf $(BUILD) build-*
