#!/usr/bin/env bash
# usage: tests/programs/run.sh [NAME...]
# Whole programs that people use with such servers, unmodified, against build/dev/ingle (INGLE_BINARY: another one): each is
# installed into a virtual environment of its own in INGLE_TEST_HOME/programs, once, in exactly the versions of locked/.
# Not among them: torch and what needs it, gigabytes that Open WebUI only has for vectors which the server makes here.
set -eu
cd "$(dirname "$0")"
home=${INGLE_TEST_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/ingle-test}
export INGLE_TEST_HOME=$home
[ $# -gt 0 ] || set -- litellm langchain llm open_webui

for name in "$@"; do
  place=$home/programs/$name
  if ! cmp -s "locked/$name.txt" "$place/locked.txt"; then
    echo "Installing $name, in $place"
    rm -rf "$place"
    python3 -m venv "$place"
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "locked/$name.txt"
    cp "locked/$name.txt" "$place/locked.txt"
  fi
done
for name in "$@"; do
  echo "$name"
  "$home/programs/$name/bin/python" -W ignore -m unittest -v "test_$name"
done
