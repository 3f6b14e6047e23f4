#!/bin/sh
# `make engines` needs Sail beside the client of Spark in the virtual environment of the tests, and Apache Spark (455
# MB) in one of its own below it, because both call themselves pyspark; and Java 17 or newer, which runs the latter.
# Takes the folder of the virtual environment.
set -eu
here=$(dirname "$0")/engines
bin=$1/bin
if ! command -v java >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Java 17 or newer is needed for Apache Spark. Install it, so that \`java\` is found." >&2
        exit 1
    fi
    echo "Installing Java for Apache Spark."
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        openjdk-17-jre-headless >/dev/null
fi
if ! cmp -s "$here/requirements.lock" "$1/.engines"; then
    echo "Installing Sail and the client of Spark."
    "$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements.lock"
    cp "$here/requirements.lock" "$1/.engines"
fi
if ! cmp -s "$here/server.lock" "$1/spark/.installed"; then
    echo "Installing Apache Spark: 455 MB."
    "$bin/python" -m venv --clear "$1/spark"
    "$1/spark/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$here/server.lock"
    cp "$here/server.lock" "$1/spark/.installed"
fi
