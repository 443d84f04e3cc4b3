#!/bin/sh
# A set-up and its tear-down: set.sh NAME up|down. They write down what they do, and by a chance that
# WORLDS_SEED decides, they fail, hang, die, or interrupt cohort, which is their parent.
name=$1 what=$2 who=$1.${COHORT_WORKER-run}
say() { echo "$1 $who" >>"$WORLDS_DIR/log"; }
chance() {
	n=$(printf '%s' "$WORLDS_SEED $who $what $1" | cksum)
	[ $((${n%% *} % 1000)) -lt $(($2 * WORLDS_HARM)) ]
}
if [ "$what" = down ]; then
	say down
	for user in "$WORLDS_DIR"/users/*; do
		if [ -e "$user" ] && kill -0 "${user##*/}" 2>/dev/null; then say USED; fi
	done
	# A set-up that was interrupted may not have come so far.
	if ! rmdir "$WORLDS_DIR/up/$who" && grep -q "^up $who$" "$WORLDS_DIR/log"; then say NOT-UP; fi
	if chance die 4; then kill -9 $$; fi
	if chance fail 4; then exit 1; fi
	exit 0
fi
mkdir "$WORLDS_DIR/up/$who" || say TWICE
say up
sleep 300 & # a server
if chance interrupt 3; then kill -INT "$PPID"; fi
if chance twice 1; then kill -INT "$PPID"; sleep 0.3; kill -INT "$PPID"; fi
if chance die 4; then kill -9 $$; fi
if chance fail 4; then exit 1; fi
if chance hang 2; then sleep 300; fi
if chance rubbish 2; then echo rubbish >>"$COHORT_ENV"; fi
echo "UP_$name=$who" >>"$COHORT_ENV"
