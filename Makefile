# cohort: `make help` lists what can be done here. Needs Go, git and make; everything else is fetched, pinned, by the go
# command.

GO ?= go

# Tools are run at fixed versions, so that lint says the same today and tomorrow.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

# The operating systems that cohort is written for. vet reads the files that the other ones do not. For the one
# here it uses what the tests compile. With -trimpath a second clone or worktree finds what the first one has compiled,
# here as there.
SYSTEMS := linux windows darwin
HERE = $(shell $(GO) env GOHOSTOS)

# The race detector needs a C compiler. It is used where there is one; `make test RACE=` runs without.
RACE ?= $(shell command -v "$$($(GO) env CC)" >/dev/null 2>&1 && [ "$$($(GO) env CGO_ENABLED)" = 1 ] && echo -race)

# These have no goroutines, so that the race detector can find nothing in them, and makes their simulations take five
# times as long: they are tested without it. A test of scheduler holds them to it.
UNRACED := scheduler/plan|scheduler/ledger|scheduler/rerun|scheduler/remote/machine|report/testevent

# At its end a program with the race detector waits a second, for late reports of its other goroutines. The tests start
# themselves some hundred times.
export GORACE ?= atexit_sleep_ms=10

# What `make test` tests: `make test PACKAGES=./grouping ARGS='-run TestUnits -v'`.
PACKAGES ?= ./...
ARGS ?=

# How many tests of a package run at a time: more than there are cores, because tests of cohort wait for processes.
PARALLEL ?= 4

# What `make bench` measures: `make bench ROW=sleep ROUNDS=5`; `make bench ROW=list` names the rows. JSON=FILE keeps
# every single measurement.
ROW ?=
ROUNDS ?=
JSON ?=

# What `make check` leaves to `make test`: the suites of cmd/cohort that run cohort hundreds of times. CONTRIBUTING.md
# says what each is for.
SUITES := TestSameAsGotestsum|TestDifferential|TestModules|TestGroups|TestScripts|TestSoak.*|TestDeaths.*|TestFaults.*
SUITES := $(SUITES)|TestQueue|TestSignalAfterDone|TestArchive.*|TestExecTestDies|TestSocketRemoved|TestInterruptIsRemembered
SUITES := $(SUITES)|TestSignals|TestPartsDie|TestNobodyReads|TestCohortKilled|TestReplay.*|TestReadme.*|TestCompletion|TestWorldSoak|TestShopDB

# How long `make fuzz` fuzzes each target.
FUZZTIME ?= 10s

.DEFAULT_GOAL := help
.PHONY: help build test check quick lint fuzz cover bench bench-compare demo demo-e2e picture info clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/cohort and bin/cohort-queue
	CGO_ENABLED=0 $(GO) build -o bin/ ./cmd/cohort ./cmd/cohort-queue

test: ## run all tests (PACKAGES=./..., ARGS='-run X', RACE= for no race detector)
	@packages="$$($(GO) list $(PACKAGES))" && test -n "$$packages" || exit 1; status=0; \
	run() { if [ -n "$$1" ]; then $(GO) test -trimpath -timeout=80m -parallel=$(PARALLEL) $$2 $(ARGS) $$1 || status=1; fi; }; \
	run "$$(echo "$$packages" | grep -vE '/($(UNRACED))$$')" "$(RACE)"; \
	run "$$(echo "$$packages" | grep -E '/($(UNRACED))$$')"; exit $$status

# The two go together: the quick tests wait for processes most of the time, and lint never waits. A make that cannot
# keep their output apart (3.81, of macOS) mixes it.
check: ## lint and the quick tests: less than a minute on a quiet machine
	@$(MAKE) --no-print-directory -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync) lint quick

quick: # the quick tests alone
	$(GO) test -trimpath -short -parallel=$(PARALLEL) -skip '^($(SUITES))$$' $(ARGS) $(PACKAGES)

fuzz: ## fuzz each target in turn (PACKAGES=./grouping for some, FUZZTIME=1m)
	@for package in $$($(GO) list $(PACKAGES)); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

cover: ## print how much of each package its own tests cover (the whole: bin/cover.out)
	@mkdir -p bin
	$(GO) test -short -skip '^($(SUITES))$$' -coverprofile=bin/cover.out $(ARGS) $(PACKAGES)
	@$(GO) tool cover -func=bin/cover.out | tail -n 1

lint: ## check formatting, vet for every system, go.mod, staticcheck
	@unformatted="$$(gofmt -l .)" || exit 1; \
	if [ -n "$$unformatted" ]; then echo "gofmt -w these:"; echo "$$unformatted"; exit 1; fi
	$(GO) mod tidy -diff
	@for system in $(filter-out $(HERE),$(SYSTEMS)); do \
		echo "GOOS=$$system go vet ./..."; GOOS=$$system CGO_ENABLED=0 $(GO) vet -trimpath ./... || exit 1; \
	done
	$(GO) vet -trimpath ./...
	$(GO) run $(STATICCHECK) ./...

bench: ## measure against go test and gotestsum (ROW=name, ROW=list, ROUNDS=n, JSON=file)
	$(GO) run ./cmd/internal/bench $(if $(ROW),-row $(ROW)) $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(JSON),-json $(JSON))

bench-compare: ## compare two files of make bench JSON=file (OLD=file NEW=file)
	@test -n "$(OLD)" && test -n "$(NEW)" || { echo 'make bench-compare OLD=old.json NEW=new.json'; exit 1; }
	@mkdir -p bin
	@$(GO) run ./cmd/internal/bench -benchfmt '$(OLD)' >bin/bench-old.txt
	@$(GO) run ./cmd/internal/bench -benchfmt '$(NEW)' >bin/bench-new.txt
	@$(GO) run $(BENCHSTAT) bin/bench-old.txt bin/bench-new.txt

demo: build ## run the tests of a small shop, and see what cohort does with them
	@sh testdata/shop/demo.sh bin/cohort

picture: build ## make the picture of the shop's report for README anew (needs chromium)
	@sh testdata/shop/picture.sh bin/cohort

demo-e2e: build ## the same with a shop over PostgreSQL, which must be installed; it fetches a driver
	@sh testdata/shopdb/demo.sh bin/cohort

info: ## show what a bug report should say
	@$(GO) version
	@$(GO) env GOOS GOARCH CGO_ENABLED GOFLAGS GOTOOLCHAIN | paste -sd ' ' -
	@git describe --always --dirty --tags 2>/dev/null || echo 'not a git checkout'
	@echo "race detector: $(if $(RACE),yes,no C compiler or switched off)"
	@$(GO) list -m -f '{{.Path}} {{.Version}}' all | grep -E 'gotestsum|fsnotify|pflag'

clean: ## remove what the other targets made
	rm -rf bin
