#!/usr/bin/env bash
# usage: tests/arm.sh [--long]
#
# Cross compiles the arithmetic for 64-bit ARM and runs its tests under qemu-user, as three processors: one with smmla, one
# with sdot alone and one with neither, each of which must choose the kernels it can run. --long also builds and tests
# the backend. Time under an emulator says nothing about speed, and nothing here looks at it.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

# shellcheck disable=SC2086
install_packages $arm_packages
tools/arm_sysroot.sh build/arm-sysroot

modules="base quant kernels"
if [ "${1:-}" = --long ]; then
  modules="base quant kernels backend"
fi
targets=()
for module in $modules; do
  targets+=("ingle_${module}_test")
done
cmake --preset arm >/dev/null
cmake --build --preset arm -j "$(build_jobs)" --target "${targets[@]}"

# as CPU PROGRAM ARGUMENT...
as() {
  local cpu=$1
  shift
  qemu-aarch64 -cpu "$cpu" -L /usr/aarch64-linux-gnu "$@"
}
kernels=build/arm/src/kernels/ingle_kernels_test

# expect_tables CPU NAME...: the tables that this processor runs, in the order of choice.
expect_tables() {
  local cpu=$1 found
  shift
  found=$(as "$cpu" $kernels --gtest_filter='Tables/Elementwise.add_is_exact/*' --gtest_list_tests |
    sed -n 's|^ *add_is_exact/\([a-z0-9]*\).*|\1|p' | tr '\n' ' ')
  if [ "$found" != "$* " ]; then
    echo "arm: qemu's $cpu runs the tables '$found', not '$*'" >&2
    exit 1
  fi
  echo "$cpu: $*"
}
expect_tables max i8mm dotprod scalar
expect_tables neoverse-n1 dotprod scalar
expect_tables cortex-a72 scalar

as max $kernels --gtest_brief=1
as neoverse-n1 $kernels --gtest_brief=1 --gtest_filter='*dotprod*:Registry.*'
as cortex-a72 $kernels --gtest_brief=1 --gtest_filter='Registry.*:*Elementwise*:*Quantize*'
for module in $modules; do
  [ "$module" = kernels ] || as max "build/arm/src/$module/ingle_${module}_test" --gtest_brief=1
done
