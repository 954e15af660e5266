#!/bin/sh
# The whole suite in groups, each a pytest of its own, which a few takers run beside each other: one more than there are
# processors, as servers, browsers and disks keep a group waiting. What each printed follows at its end.
# Ends with 0 only where every group passed.
set -u

# What readers do, and what benches keep, runs a second time on a real PostgreSQL server.
on_both="tests/accounts tests/bench tests/community tests/api tests/feeds tests/hub tests/mail tests/papers tests/ranking
	tests/search/test_acronyms.py tests/search/keeping/test_upkeep.py tests/web"

# The groups, the longest first. Whatever none of them names is in the last.
groups="tests/browser
tests/cli
postgres $(echo $on_both)
tests/search/keeping tests/search/machine tests/search/meaning
tests/api tests/contract tests/feeds tests/replay
tests/search --ignore=tests/search/keeping --ignore=tests/search/machine --ignore=tests/search/meaning
tests/bench tests/community tests/mail
tests/papers tests/ranking tests/web tests/work"
named=$(echo "$groups" | grep -v '^postgres' | tr ' ' '\n' | grep '^tests/' | sed 's/^/--ignore=/')
groups="$groups
tests $(echo $named)"

# Everything that the suite writes goes into memory, where there is plenty and programs may be started from it.
work=""
if [ "$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo 2>/dev/null || echo 0)" -ge 8 ] &&
	[ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 {print int($4 / 1048576)}')" -ge 4 ] 2>/dev/null; then
	work=$(mktemp -d /dev/shm/suite.XXXXXX) && printf '#!/bin/sh\n' >"$work/try" && chmod +x "$work/try" &&
		"$work/try" 2>/dev/null || { rm -rf "$work" && work=""; }
fi
[ -n "$work" ] || work=$(mktemp -d)
export TMPDIR="$work"
trap 'rm -rf "$work"' EXIT
trap 'trap "" INT TERM; touch "$work/stop"; kill -INT 0; sleep 10; kill 0; wait; exit 130' INT TERM

# Empty tables, made once and copied by every process that wants some.
export BROADSHEET_SUITE_TABLES="$work/tables/broadsheet.sqlite3"
env -u BROADSHEET_DATABASE BROADSHEET_HOME="$work/tables" "$PY" -c \
	"from broadsheet.cli.start import load, update_tables; load(None); update_tables()" || exit 1

run() { # number, then the group's words
	number=$1 database=sqlite
	shift
	[ "$1" != postgres ] || { database=postgres && shift; }
	began=$(date +%s)
	BROADSHEET_SUITE=$database "$PY" -m pytest -p no:cacheprovider --reuse-db "$@" >"$work/$number/output" 2>&1
	echo $? >"$work/$number/status"
	until mkdir "$work/speaking" 2>/dev/null; do sleep 0.1; done
	cat "$work/$number/output"
	echo "Group $number on $database took $(($(date +%s) - began)) s and ended with $(cat "$work/$number/status"): $*"
	rmdir "$work/speaking"
}

take() {
	number=0
	echo "$groups" | while read -r group; do
		number=$((number + 1))
		[ -e "$work/stop" ] && break
		mkdir "$work/$number" 2>/dev/null && run $number $group </dev/null
	done
}

takers=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
[ "$takers" -lt 5 ] || takers=5
while [ "$takers" -ge 0 ]; do
	take &
	takers=$((takers - 1))
done
wait
all=$(echo "$groups" | wc -l)
passed=$(cat "$work"/*/status | grep -cx 0)
echo "$passed of $all groups passed."
[ "$passed" -eq "$all" ]
