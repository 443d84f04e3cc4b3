#!/bin/sh
# What `make picture` runs: sh testdata/shop/picture.sh path/to/cohort
# It writes report.png beside itself, the picture of the report in README. It needs chromium.
set -eu
cohort="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
cd "$(dirname "$0")"
for chromium in chromium chromium-browser google-chrome ''; do
	if [ -z "$chromium" ]; then
		echo 'make picture needs chromium: apt-get install chromium' >&2
		exit 1
	fi
	if command -v "$chromium" >/dev/null; then break; fi
done
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
COHORT_HISTORY=off "$cohort" --workers 4 --shuffle 7 --rerun-fails --hide-summary=all --htmlfile="$work/report.html" -- -count=1 ./... >/dev/null
"$chromium" --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 --window-size=1200,830 \
	--user-data-dir="$work/profile" --screenshot="$work/report.png" "file://$work/report.html" 2>/dev/null
mv "$work/report.png" report.png
echo "testdata/shop/report.png: $(wc -c <report.png) bytes"
