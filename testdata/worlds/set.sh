#!/bin/sh
# A set-up and its tear-down: set.sh NAME up|down. They write down what they do, and by a chance that
# WORLDS_SEED decides, they fail, hang, die, or interrupt cohort, which is their parent. That called
# rows is one of each attempt: each of its lives has a name of its own.
name=$1 what=$2 who=$1.${COHORT_WORKER-run}
dir=$WORLDS_DIR/up/$who turn=$who
if [ "$name" = rows ]; then
	turn=$who.$COHORT_ATTEMPT.$(grep -c "^up $who" "$WORLDS_DIR/log")
	if [ "$what" = up ]; then who=$who.$$; else who=$(cat "$dir/id") || who=rows.none; fi
fi
say() { echo "$1 $who" >>"$WORLDS_DIR/log"; }
chance() {
	n=$(printf '%s' "$WORLDS_SEED $turn $what $1" | cksum)
	[ $((${n%% *} % 1000)) -lt $(($2 * WORLDS_HARM)) ]
}
alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }
if [ "$what" = down ]; then
	say down
	if [ "$name" = rows ]; then
		for user in "$dir"/user-*; do
			if alive "${user##*/user-}"; then say USED; fi
		done
		rm -f "$dir"/*
	else
		for user in "$WORLDS_DIR"/users/*; do
			if alive "${user##*/}"; then say USED; fi
		done
	fi
	# A set-up that was interrupted may not have come so far.
	if ! rmdir "$dir" && grep -q "^up $who$" "$WORLDS_DIR/log"; then say NOT-UP; fi
	if chance die 4; then kill -9 $$; fi
	if chance fail 4; then exit 1; fi
	exit 0
fi
mkdir "$dir" || say TWICE
if [ "$name" = rows ]; then echo "$who" >"$dir/id"; fi
say up
sleep 300 & # a server
if chance interrupt 3; then kill -INT "$PPID"; fi
if chance twice 1; then kill -INT "$PPID"; sleep 0.3; kill -INT "$PPID"; fi
if chance die 4; then kill -9 $$; fi
if chance fail 4; then exit 1; fi
if chance hang 2; then sleep 300; fi
if chance rubbish 2; then echo rubbish >>"$COHORT_ENV"; fi
echo "UP_$name=$who" >>"$COHORT_ENV"
