#!/bin/sh
# Records the streams in this directory anew, from the module in modules.txtar.
# Needs go, a C compiler for -race, and txtar-x (go run golang.org/x/exp/cmd/txtar@latest).
#   usage: record.sh MODULE_DIR   (the extracted module)
set -u
out=$(cd "$(dirname "$0")" && pwd)
cd "$1" || exit 1
record() { # NAME ARGS...: the two streams and the exit code of one go test -json
	name=$1
	shift
	go test -json "$@" >"$out/$name.jsonl" 2>"$out/$name.stderr"
	code=$?
	# The paths of the machine are of no interest.
	sed -i -e "s|$(pwd)|/src/shop|g" -e "s|$(go env GOROOT)|/go|g" "$out/$name.jsonl" "$out/$name.stderr"
	[ "$code" = 0 ] || echo "$code" >"$out/$name.exit"
	[ -s "$out/$name.stderr" ] || rm "$out/$name.stderr"
}
rm -f "$out"/*.jsonl "$out"/*.stderr "$out"/*.exit
record pass -count=1 ./cart
go test ./cart ./empty >/dev/null
record cached ./cart ./empty
record fail -count=1 ./cart ./fail
record skip -count=1 ./skip
record panic -count=1 ./panics ./cart
record timeout -count=1 -timeout=100ms ./hang
record race -count=1 -race ./race
record builderror -count=1 ./broken ./cart
record veterror -count=1 ./vet ./cart
record setuperror -count=1 ./nowhere ./cart
record notests -count=1 ./empty ./bare
record norun -count=1 -run=NoSuchTest ./cart
record testmain -count=1 ./exits ./cart
record coverage -count=1 -cover ./cart ./empty ./bare
record coverpkg -count=1 -cover -coverpkg=net/url ./cart
record shuffle -count=1 -shuffle=7 ./fail ./cart
record attributes -count=1 ./attr
record twice -count=2 ./cart ./fail
record bench -run=NoSuchTest -bench=. ./cart
