#!/bin/sh
# Tests of the journal need PostgreSQL's own programs: those that are there, else Debian's package.
set -eu
if [ -n "${POSTGRES_BIN:-}" ] && [ -x "$POSTGRES_BIN/initdb" ]; then exit 0; fi
if command -v initdb >/dev/null 2>&1; then exit 0; fi
for each in /usr/lib/postgresql/*/bin/initdb; do
    if [ -x "$each" ]; then exit 0; fi
done
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
if ! command -v apt-get >/dev/null 2>&1; then
    echo "PostgreSQL is needed for the tests of the journal. Install it, or name the folder of initdb: POSTGRES_BIN=/path/to/bin make test" >&2
    exit 1
fi
echo "Installing PostgreSQL for the tests of the journal."
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql-common >/dev/null
# No server that stays: the tests start one of their own in a temporary folder.
$as_root sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
