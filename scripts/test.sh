#!/bin/sh
# The whole suite in two lines of work at once: the rooms named in the arguments on PostgreSQL and then the browser's
# tests, and beside them all others on SQLite. Ends with 0 only where each of the three passed.
set -u
beside=$(mktemp)
(
	BROADSHEET_SUITE=postgres "$PY" -m pytest -p no:cacheprovider "$@"
	postgres=$?
	"$PY" -m pytest -p no:cacheprovider tests/browser
	browser=$?
	exit $((postgres || browser))
) >"$beside" 2>&1 &
other=$!
trap 'trap - INT TERM; rm -f "$beside"; kill 0' INT TERM
"$PY" -m pytest --ignore=tests/browser
first=$?
wait $other
second=$?
echo "Beside it, the rooms of readers on PostgreSQL and the pages in a browser:"
cat "$beside"
rm -f "$beside"
exit $((first || second))
