#!/bin/sh
# `make engines` needs MariaDB's own programs: those that are there, else Debian's package.
set -eu
for each in mariadbd mysqld; do
    if PATH="$PATH:/usr/sbin" command -v "$each" >/dev/null 2>&1; then exit 0; fi
done
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
if ! command -v apt-get >/dev/null 2>&1; then
    echo "MariaDB is needed for the tests of engines. Install mariadbd and mariadb-install-db." >&2
    exit 1
fi
echo "Installing MariaDB for the tests of engines."
$as_root apt-get update -qq
# RUNLEVEL=1: no server that stays; the tests start one of their own in a temporary folder.
$as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    mariadb-server >/dev/null
