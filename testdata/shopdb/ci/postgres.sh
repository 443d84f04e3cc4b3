#!/bin/sh
# Starts a private PostgreSQL server, with a folder and a port of its own, and ends it:
# ci/postgres.sh up|down. Nothing of a server that the machine may already have is touched.
set -eu

# bin is the folder of the server's programs, which are seldom in PATH.
find_bin() {
	for dir in "$(dirname "$(readlink -f "$(command -v initdb)" 2>/dev/null)" 2>/dev/null)" \
		"$(pg_config --bindir 2>/dev/null)" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
		if [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/psql" ]; then bin=$dir; fi
	done
	if [ -z "${bin-}" ]; then
		echo 'There is no PostgreSQL server here. To install one:'
		echo '  Debian, Ubuntu: apt-get install postgresql'
		echo '  Fedora:         dnf install postgresql-server'
		echo '  macOS:          brew install postgresql'
		exit 1
	fi
}

# owner runs a command as the user of the server, which refuses to be root. On a machine that lets
# nobody but root and its group see the root folder, it keeps the group.
owner() {
	if [ "$(id -u)" != 0 ]; then
		"$@"
	elif ! command -v setpriv >/dev/null; then
		(cd / && su "$user" -s /bin/sh -c 'exec "$0" "$@"' -- "$@")
	elif (cd / && setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups true) 2>/dev/null; then
		(cd / && setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@")
	else
		(cd / && setpriv --reuid="$user" --regid=0 --clear-groups "$@")
	fi
}
user=postgres
id "$user" >/dev/null 2>&1 || user=nobody

# number is a random one from 0 to 65535.
number() { od -An -N2 -tu2 /dev/urandom | tr -d ' '; }

up() {
	find_bin
	dir=$(mktemp -d "${TMPDIR:-/tmp}/shopdb.XXXXXX")
	chmod 755 "$dir"
	# Written first: the tear-down needs it, also if something below fails.
	echo "SHOPDB_DIR=$dir" >>"$COHORT_ENV"
	password=$(number)-$(number)-$(number)
	echo "$password" >"$dir/password"
	mkdir "$dir/data"
	if [ "$(id -u)" = 0 ]; then
		chown -R "$user" "$dir"
	fi
	owner "$bin/initdb" -D "$dir/data" -U shop -E UTF8 --locale=C --auth=scram-sha-256 --pwfile="$dir/password" --no-sync >"$dir/initdb.log" ||
		{ cat "$dir/initdb.log"; exit 1; }

	# A port may be taken: then the next one. They are below those that systems hand out.
	for attempt in 1 2 3 4 5 6 7 8; do
		port=$((20000 + $(number) % 12000))
		options="-c port=$port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
		if owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -o "$options" -w -t 60 start >"$dir/start.log" 2>&1; then
			break
		fi
		if [ "$attempt" = 8 ]; then cat "$dir/start.log" "$dir/server.log"; exit 1; fi
	done

	PGHOST=127.0.0.1 PGPORT=$port PGUSER=shop PGPASSWORD=$password
	export PGHOST PGPORT PGUSER PGPASSWORD
	"$bin/psql" -q -v ON_ERROR_STOP=1 -d postgres -c 'CREATE DATABASE shop_template'
	"$bin/psql" -q -v ON_ERROR_STOP=1 -d shop_template -f ci/schema.sql
	{
		echo "SHOPDB_BIN=$bin"
		echo "PGHOST=$PGHOST"
		echo "PGPORT=$PGPORT"
		echo "PGUSER=$PGUSER"
		echo "PGPASSWORD=$PGPASSWORD"
	} >>"$COHORT_ENV"
	echo "PostgreSQL listens on port $port; its folder is $dir"
}

down() {
	[ -n "${SHOPDB_DIR-}" ] || exit 0 # it was never begun
	find_bin
	if [ -e "$SHOPDB_DIR/data/postmaster.pid" ]; then
		owner "$bin/pg_ctl" -D "$SHOPDB_DIR/data" -m immediate -w stop >/dev/null
	fi
	rm -rf "$SHOPDB_DIR"
}

"$1"
