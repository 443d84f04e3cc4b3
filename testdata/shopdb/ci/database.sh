#!/bin/sh
# Makes the database of a worker from the template, and removes it: ci/database.sh create|drop. The
# server is that of the variables that ci/postgres.sh has set.
set -eu
name="shop_$COHORT_WORKER"
case $1 in
create)
	"$SHOPDB_BIN/createdb" --template=shop_template "$name"
	echo "DATABASE_URL=postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$name?sslmode=disable" >>"$COHORT_ENV"
	;;
drop)
	"$SHOPDB_BIN/dropdb" --if-exists --force "$name"
	;;
esac
