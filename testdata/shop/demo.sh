#!/bin/sh
# What `make demo` runs: sh testdata/shop/demo.sh path/to/cohort
set -eu
cohort="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
cd "$(dirname "$0")"
# The demo remembers nothing, so that each time is a first time.
COHORT_HISTORY=off
export COHORT_HISTORY

say() { printf '\n'; printf '# %s\n' "$@"; }
run() { printf '$ %s\n' "$*"; if [ "$1" = cohort ]; then shift; "$cohort" "$@"; else "$@"; fi; }

say 'A small shop (testdata/shop): 29 tests, most of which wait for something, as tests do.' \
	'go test runs the tests of a package one after the other. See how long e2e takes.'
run go test -count=1 ./...

say 'cohort spreads them over 8 processes. Four tests are the steps of one purchase, a group:' \
	'they need one process and their order. Step 3 is flaky, it fails the first time, so the' \
	'last step is skipped, and then the whole group is run again from its first step.' \
	'In the end everything has passed, and the exit code is 0.'
run cohort --workers 8 --rerun-fails -- -count=1 ./...

say 'What the steps of the group logged: the process they ran in, and what had run before them' \
	'in that process. The first run and the rerun are two processes.'
steps() { run cohort --workers 8 --rerun-fails --hide-summary=all -f standard-verbose -- -count=1 ./e2e; }
steps | grep -E '^\$|process|Checkout.*\(0'

say 'All other tests run in random order. The seed of a run is printed when something failed, and' \
	'gives the same order again. Here are two orders of the same tests, one process at a time.'
for seed in 1 2; do
	order() { run cohort --workers 1 --shuffle $seed -f standard-verbose -- -count=1 -run Page ./e2e; }
	order | grep -E '^\$|^---'
done

say 'What passed and did not change is not run again: the go command remembers it, as ever.'
"$cohort" -- ./price ./cart ./stock >/dev/null
run cohort -- ./price ./cart ./stock

say 'That was it. Now in a module of your own: cohort, instead of go test or gotestsum.'
