#!/usr/bin/env bash
# usage: tools/check_isa.sh BUILD_FOLDER
# An object file compiled for an instruction set must define no weak symbol: the linker keeps one copy of each, and the
# copy that it keeps could be the one that the user's processor cannot run.
set -eu
sources=$(find "$(dirname "$0")/../src/kernels" -path '*/avx*/*.cpp' ! -name '*_test.cpp' | wc -l)
mapfile -t objects < <(find "$1/src/kernels" -path '*/avx*/*.cpp.o' ! -name '*_test.cpp.o')
if [ "${#objects[@]}" -ne "$sources" ]; then
  echo "check_isa: $sources source files but ${#objects[@]} object files below $1/src/kernels"
  exit 1
fi
status=0
for object in "${objects[@]}"; do
  weak=$(nm -C --defined-only "$object" | grep -E ' [VWu] ' || true)
  if [ -n "$weak" ]; then
    printf '%s defines weak symbols:\n%s\n' "$object" "$weak"
    status=1
  fi
done
[ $status -ne 0 ] || echo "isa files: no weak symbols in ${#objects[@]} object files"
exit $status
