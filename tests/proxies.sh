#!/bin/sh
# Tests of the proxies' configuration run nginx and Caddy: those that are there, else Debian's packages.
set -eu
missing=""
for each in nginx caddy openssl; do
    PATH="$PATH:/usr/sbin" command -v "$each" >/dev/null 2>&1 || missing="$missing $each"
done
[ -n "$missing" ] || exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests of the proxies need:$missing. Install them." >&2
    exit 1
fi
echo "Installing$missing for the tests of the proxies."
$as_root apt-get update -qq
# RUNLEVEL=1: no server that stays; the tests start their own on free ports.
$as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
