#!/usr/bin/env bash
# Fails when clang-format 19 would change a source file.
set -eu
cd "$(dirname "$0")/.."
find src -name '*.h' -o -name '*.cpp' | sort | xargs clang-format-19 --dry-run --Werror
