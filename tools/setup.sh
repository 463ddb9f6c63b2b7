# Shared by ./quickstart and ./test: installs missing packages and says what is going on. Source it, do not run it.

say() {
  if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

# What the product needs to be built, and pip to find the package index that this machine is set up for.
build_packages="cmake ninja-build g++ pkg-config libssl-dev zlib1g-dev libpcre2-dev libutf8proc-dev libedit-dev libseccomp-dev
  libfmt-dev libpugixml-dev poppler-utils nlohmann-json3-dev libcli11-dev libtomlplusplus-dev libsqlite3-dev libboost-dev ca-certificates python3-pip"
test_packages="libgtest-dev libgmock-dev librapidcheck-dev python3 clang-format-19 binutils iproute2"
app_test_packages="chromium fonts-inter"
arm_packages="g++-aarch64-linux-gnu qemu-user"
program_packages="python3-venv"
fuzz_packages="clang-19 libclang-rt-19-dev"
packaging_packages="dpkg-dev debootstrap"

# install_packages NAME...: only those that dpkg does not know as installed; nothing at all is the usual case.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "error: these packages are missing and neither root nor sudo is at hand: ${missing[*]}" >&2
      echo "  hint: as root, run: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# The app is built with Node 18 or newer and npm, from wherever they came; Debian's are installed where one is missing.
install_node() {
  local major=0
  if command -v node >/dev/null && command -v npm >/dev/null; then
    major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
  fi
  [ "$major" -ge 18 ] || install_packages nodejs npm
}

# Compilers of this project take up to 1 GB each; a small machine gets fewer at a time.
build_jobs() {
  local cores memory_mb
  cores=$(nproc)
  memory_mb=$(awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
  local by_memory=$((memory_mb / 1000))
  [ "$by_memory" -ge 1 ] || by_memory=1
  [ "$cores" -le "$by_memory" ] && echo "$cores" || echo "$by_memory"
}
