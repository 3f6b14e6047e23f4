#!/bin/sh
# Tests of the PDF read it with poppler's programs: those that are there, else Debian's package.
set -eu
if command -v pdftotext >/dev/null 2>&1 && command -v pdfinfo >/dev/null 2>&1; then exit 0; fi
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
if ! command -v apt-get >/dev/null 2>&1; then
    echo "pdftotext and pdfinfo (poppler-utils) are needed for the tests of the PDF. Install them." >&2
    exit 1
fi
echo "Installing poppler-utils for the tests of the PDF."
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq poppler-utils >/dev/null
