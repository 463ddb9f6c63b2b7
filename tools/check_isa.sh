#!/usr/bin/env bash
# usage: tools/check_isa.sh OBJECT...
#
# Objects that are compiled for one instruction set may export their table and nothing that the linker could pick in place
# of the same function from another object: no weak, vague or unique symbols (nm letters W, V, u), and no external
# function or template at all. A file of baseline code would otherwise run AVX-512 on a processor that has none.
set -eu

status=0
for object in "$@"; do
  symbols=$(nm --defined-only "$object" | awk '{ print $(NF - 1), $NF }')
  shared=$(grep -E '^[WwVvu] ' <<<"$symbols" || true)
  functions=$(grep -E '^[Ti] ' <<<"$symbols" || true)
  if [ -n "$shared$functions" ]; then
    echo "check_isa: $object exports code compiled with its instruction set's flags:" >&2
    printf '%s\n' "$shared" "$functions" | sed '/^$/d; s/^/  /' | c++filt >&2
    echo "  put it into an anonymous namespace, or mark it always_inline" >&2
    status=1
  fi
done
[ $status = 0 ] && echo "isa: $# object(s) export tables only"
exit $status
