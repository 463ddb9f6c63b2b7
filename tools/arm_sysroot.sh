#!/usr/bin/env bash
# usage: tools/arm_sysroot.sh DIRECTORY
#
# Fills DIRECTORY with the arm64 packages of Debian that Inglenook is built with, for cmake/toolchains/aarch64-linux-gnu.cmake.
# They are unpacked, not installed: needs no root, and this machine's own packages stay as they are. Done once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/setup.sh"

root=$1
[ ! -e "$root/.complete" ] || exit 0
rm -rf "$root"
mkdir -p "$root"/apt/{state/lists/partial,cache/archives/partial}
root=$(cd "$root" && pwd)
touch "$root/apt/state/status"

# An apt of its own: this machine's sources and keys, another processor, and nothing installed.
apt_arm() {
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State="$root/apt/state" \
    -o Dir::State::status="$root/apt/state/status" -o Dir::Cache="$root/apt/cache" -o Debug::NoLocking=1 \
    -o APT::Sandbox::User="$(id -un)" "$@"
}

# The libraries among what the build and the tests need; the rest are tools, which run here.
libraries=()
for name in $build_packages $test_packages; do
  case $name in lib*-dev | zlib1g-dev | nlohmann-json3-dev) libraries+=("$name") ;; esac
done
say "Libraries for 64-bit ARM, in $root"
apt_arm update
apt_arm install -y --no-install-recommends --download-only "${libraries[@]}"
for package in "$root"/apt/cache/archives/*.deb; do
  case ${package##*/} in
    libc6* | libc-dev-bin* | linux-libc-dev* | libgcc-* | libstdc++* | gcc-12-base*) ;;  # the cross compiler's own
    *) dpkg-deb -x "$package" "$root" ;;
  esac
done
rm -rf "$root/apt"
touch "$root/.complete"
