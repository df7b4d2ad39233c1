#!/bin/sh
# Says which programs the tests need and do not find, before anything fails.
for folder in /usr/lib/postgresql/*/bin; do
    [ -d "$folder" ] && PATH=$PATH:$folder
done
command -v chromium >/dev/null 2>&1 ||
    echo "missing: chromium; the tests of the page need it: apt-get install chromium" >&2
missing=
for program in initdb pg_ctl postgres psql; do
    command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
[ -z "$missing" ] && exit 0
echo "missing:$missing (Postgres 15)" >&2
echo "remedy: apt-get install postgresql-15" >&2
if [ "${CI:-}" = true ]; then
    exit 1
fi
echo "The tests of the Postgres warehouse will be skipped." >&2
