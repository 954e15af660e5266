#!/bin/sh
# The whole suite in two lines of work at once: the rooms named in the arguments on PostgreSQL, the browser's tests and
# those of commands, and beside them all others on SQLite. Ends with 0 only where each of the four passed.
set -u
beside=$(mktemp)
(
	BROADSHEET_SUITE=postgres "$PY" -m pytest -p no:cacheprovider "$@"
	postgres=$?
	"$PY" -m pytest -p no:cacheprovider tests/browser
	browser=$?
	"$PY" -m pytest -p no:cacheprovider tests/cli
	commands=$?
	exit $((postgres || browser || commands))
) >"$beside" 2>&1 &
other=$!
trap 'trap - INT TERM; rm -f "$beside"; kill 0' INT TERM
"$PY" -m pytest --ignore=tests/browser --ignore=tests/cli
first=$?
wait $other
second=$?
echo "Beside it, the rooms of readers on PostgreSQL, the pages in a browser, and commands:"
cat "$beside"
rm -f "$beside"
exit $((first || second))
