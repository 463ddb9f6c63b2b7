#!/usr/bin/env bash
# usage: packaging/try-install.sh PACKAGE.deb [DEBIAN_12_ROOT]
#
# Installs, upgrades, removes and purges the package in a copy of a Debian 12 root, made with debootstrap when none is given,
# and checks what is there and what is gone after each. Needs root, and a package mirror for what the package depends on.
# A root has no systemd running: the units are checked with systemd-analyze, and the service is started by hand as its user,
# without capabilities, as the unit would.
set -euo pipefail

deb=$(realpath "${1:?usage: packaging/try-install.sh PACKAGE.deb [DEBIAN_12_ROOT]}")
given=${2:-}
[ "$(id -u)" -eq 0 ] || { echo "error: a root file system needs root" >&2; exit 1; }

work=$(mktemp -d)
root=$work/root
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  for place in proc dev; do
    mountpoint -q "$root/$place" && umount -l "$root/$place"
  done
  rm -rf "$work"
}
trap cleanup EXIT

step() { printf '\n== %s\n' "$*"; }
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
must() { if ! "$@"; then echo "FAILED: $*" >&2; exit 1; fi; }
must_not() { if "$@"; then echo "FAILED: still true: $*" >&2; exit 1; fi; }

step "A root"
if [ -n "$given" ]; then
  cp -a --reflink=auto "$given" "$root"
else
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$work/debootstrap.log" || {
    tail -20 "$work/debootstrap.log"
    exit 1
  }
fi
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# How this machine reaches its mirror, when it does so in a way of its own.
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*proxy* /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources /etc/apt/auth.conf.d/*; do
  if [ -f "$file" ]; then
    mkdir -p "$root$(dirname "$file")"
    cp "$file" "$root$file"
  fi
done
inside apt-get update -q >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log"; exit 1; }
version=$(dpkg-deb -f "$deb" Version)
echo "Debian $(cat "$root/etc/debian_version"), $(inside dpkg-query -f '.\n' -W | wc -l) packages; $(basename "$deb"), version $version"

step "The package: no paths of the machine that built it, no rpath, stripped, owned by root"
mkdir "$work/files"
dpkg-deb -x "$deb" "$work/files"
binary=$work/files/usr/bin/ingle
must_not grep -qF "$(cd "$(dirname "$0")/.." && pwd)" "$binary"
must_not grep -qE '^/(home|root|builds?)/' <(strings -n 8 "$binary")
must_not grep -qE 'RPATH|RUNPATH' <(readelf -d "$binary")
must grep -qE 'BIND_NOW|NOW' <(readelf -d "$binary")
must grep -q 'Type:.*DYN' <(readelf -h "$binary")
must_not grep -q '\.symtab' <(readelf -S "$binary")
must_not grep -qvE '^.{10} root/root' <(dpkg-deb -c "$deb")
ls -l "$deb" "$binary" | awk '{print $5, $NF}'
dpkg-deb -f "$deb" Depends Recommends

step "Install"
cp "$deb" "$root/tmp/inglenook.deb"
inside apt-get install -y -q --no-install-recommends /tmp/inglenook.deb >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log"; exit 1; }
inside ingle --version
must inside ingle help >/dev/null
must inside ldd -r /usr/bin/ingle >/dev/null
for file in usr/share/man/man1/ingle.1.gz usr/share/bash-completion/completions/ingle usr/share/zsh/vendor-completions/_ingle \
  usr/share/fish/vendor_completions.d/ingle.fish usr/lib/systemd/system/ingle.service usr/lib/systemd/user/ingle.service \
  usr/share/doc/inglenook/README.md usr/share/doc/inglenook/LICENSE usr/share/doc/inglenook/THIRD_PARTY_LICENSES \
  usr/share/doc/inglenook/sbom.spdx.json etc/default/ingle; do
  must test -s "$root/$file"
done
must inside getent passwd ingle
if command -v systemd-analyze >/dev/null; then
  # Only what concerns our unit: a root without systemd lacks the targets that every unit refers to.
  must_not grep -E 'ingle\.service.*(Unknown|Failed to parse|Invalid)' <(systemd-analyze --root="$root" verify ingle.service 2>&1 || true)
  systemd-analyze security --offline=yes --root="$root" ingle.service 2>/dev/null | tail -1 || true
fi

# As the unit starts it: its user, its folder, no capabilities and no way to new privileges.
as_service=(chroot "$root" setpriv --reuid ingle --regid ingle --clear-groups --no-new-privs --bounding-set=-all
  --inh-caps=-all env -i PATH=/usr/bin:/bin HOME=/var/lib/ingle INGLE_HOME=/var/lib/ingle)
start_server() {
  "${as_service[@]}" ingle serve --host 127.0.0.1:0 --engine echo --json >"$work/server.json" 2>"$work/server.log" &
  server=$!
  for _ in $(seq 100); do
    [ -s "$work/server.json" ] && break
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
    sleep 0.2
  done
  address=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["address"])' "$work/server.json")
}
stop_server() {
  kill "$server"
  wait "$server" || true
  server=
}
get() {
  python3 - "$1" <<'PYTHON'
import sys, urllib.error, urllib.request
try:
    request = urllib.request.Request("http://" + sys.argv[1], headers={"Accept": "text/html"})  # as a browser asks
    answer = urllib.request.urlopen(request, timeout=60)
except urllib.error.HTTPError as error:
    answer = error  # the app's page without its cookie: a friendly 401
print(answer.status, answer.read(400).decode())
PYTHON
}

step "The service, as its user"
install -d -o "$(inside id -u ingle)" -g "$(inside id -g ingle)" -m 700 "$root/var/lib/ingle"
start_server
get "$address/health"
get "$address/api/version"
get "$address/" >"$work/page.html"
head -c 60 "$work/page.html"; echo
must grep -qi '<html' "$work/page.html"
stop_server
"${as_service[@]}" ingle prove-offline --json | python3 -c 'import json, sys; r = json.load(sys.stdin); print(len(r["attempts"]), "attempts,", r["escapes"], "escapes"); sys.exit(r["escapes"] != 0)'
must test -n "$(ls -A "$root/var/lib/ingle")"

step "Upgrade, with changed settings"
echo 'INGLE_THREADS=2' >>"$root/etc/default/ingle"
mkdir "$work/next"
dpkg-deb -R "$deb" "$work/next/tree"
sed -i "s/^Version: .*/Version: $version+next1/" "$work/next/tree/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/next/tree" "$root/tmp/next.deb" >/dev/null
inside apt-get install -y -q --no-install-recommends /tmp/next.deb >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log"; exit 1; }
inside dpkg-query -f '${Package} ${Version} ${Status}\n' -W inglenook
must grep -q 'INGLE_THREADS=2' "$root/etc/default/ingle"
must test -n "$(ls -A "$root/var/lib/ingle")"
start_server
get "$address/health"
stop_server

step "Remove: the program goes, settings and state stay"
inside apt-get remove -y -q inglenook >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log"; exit 1; }
must_not test -e "$root/usr/bin/ingle"
must_not test -e "$root/usr/lib/systemd/system/ingle.service"
must test -s "$root/etc/default/ingle"
must test -d "$root/var/lib/ingle"

step "Purge: nothing stays"
inside apt-get purge -y -q inglenook >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log"; exit 1; }
must_not test -e "$root/etc/default/ingle"
must_not test -e "$root/var/lib/ingle"
must_not inside getent passwd ingle
must_not test -e "$root/usr/share/doc/inglenook"
echo
echo "installed, upgraded, removed and purged"
