#!/bin/sh
# What `make demo-e2e` runs: sh testdata/shopdb/demo.sh path/to/cohort
set -eu
cohort="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
cd "$(dirname "$0")"
# The demo remembers nothing, so that each time is a first time.
COHORT_HISTORY=off
export COHORT_HISTORY

say() { printf '\n'; printf '# %s\n' "$@"; }
run() { printf '$ %s\n' "$*"; if [ "$1" = cohort ]; then shift; "$cohort" "$@"; else "$@"; fi; }

say 'A shop over PostgreSQL (testdata/shopdb). Its configuration file says what the tests need:' \
	'a server for the run, and a database for each worker that runs a test with the label database.'
run cat .cohort.yaml

say 'The server is started while the tests are built, and is gone after the last of them.'
run cohort -n 4 -f testname -- -count=1 ./...

say 'Now a step of the purchase fails. The world is to stay then, to be looked at.'
printf '$ SHOPDB_BREAK=pay cohort -n 4 --keep-env=on-failure --explain-failures=off -- -count=1 ./web\n'
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
SHOPDB_BREAK=pay "$cohort" -n 4 --keep-env=on-failure --explain-failures=off -- -count=1 ./web 2>"$printed" || echo "exit code $?"
cat "$printed"

say 'The order that was not paid is still there:'
url=$(sed -n 's/^ *it has set DATABASE_URL=//p' "$printed")
bin=$(sed -n 's/^ *it has set SHOPDB_BIN=//p' "$printed")
run "$bin/psql" "$url" -c 'SELECT * FROM orders JOIN lines ON order_id = id'

say 'The commands that were printed end the world.'
sed -n 's/^    (/(/p' "$printed" | sh
echo done
