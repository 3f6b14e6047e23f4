#!/bin/sh
# Browser tests need Chromium: the system's if it is there, else Debian's package.
set -eu
for each in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$each" ] && command -v "$each" >/dev/null 2>&1; then exit 0; fi
done
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Chromium is needed for the browser tests. Install it, or name it: CHROMIUM=/path/to/chromium make test" >&2
    exit 1
fi
echo "Installing Chromium for the browser tests."
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
