# Sourced by ./run and ./test: talking to the person, installing packages, building a preset.

if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; else bold='' plain=''; fi
say() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# wanted_packages [test|bench]: the names in packages.txt, with those only that purpose needs when asked.
wanted_packages() {
  sed -e 's/#.*//' -e '/^[[:space:]]*$/d' ${1:+-e "s/^$1: *//"} packages.txt | grep -v ':' |
    while read -r name _ command _; do
      [ -n "$command" ] && command -v "$command" >/dev/null || printf '%s\n' "$name"
    done
}

missing_packages() {
  local name
  for name in $(wanted_packages "${1:-}"); do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$name"
  done
}

# install_packages [test|bench]: installs what is missing, as root or with sudo; else says the line to type.
install_packages() {
  local missing as_root=""
  missing=$(missing_packages "${1:-}")
  [ -n "$missing" ] || return 0
  local install="apt-get install -y --no-install-recommends $missing"
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      as_root=sudo
    else
      die "these Debian packages are missing, and installing them needs root. Run this, then start again:
  sudo apt-get update && sudo $install"
    fi
  fi
  say "Installing Debian packages (a minute or two on a fresh machine): $missing"
  $as_root apt-get update -qq || say "apt-get update failed; trying with the lists at hand"
  $as_root env DEBIAN_FRONTEND=noninteractive $install -qq >/dev/null ||
    die "apt-get could not install them. Try by hand: $install"
}

# install_npm_packages: those of tests/npm, pinned there, into build/npm. One at a time.
install_npm_packages() {
  local target=build/npm
  mkdir -p build
  exec 9>build/npm.lock
  flock 9
  cmp -s tests/npm/package-lock.json $target/package-lock.json && [ -e $target/complete ] && { exec 9>&-; return; }
  command -v npm >/dev/null || die "npm is missing; ./test installs it, or: apt-get install -y nodejs npm"
  say "Installing the npm packages of tests/npm (a minute or two the first time)"
  rm -rf $target && mkdir -p $target
  cp tests/npm/package.json tests/npm/package-lock.json $target
  (cd $target && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
    die "npm could not install the packages of tests/npm/package-lock.json; it needs a registry of npm"
  touch $target/complete
  exec 9>&-
}

# build PRESET [TARGET...]: configures and builds build/PRESET.
build() {
  local preset=$1
  shift
  say "Building preset $preset (from scratch about 4 minutes on 2 cores, a change seconds)"
  cmake --preset "$preset" >"/tmp/inpaint-configure-$preset-$$.log" 2>&1 ||
    { cat "/tmp/inpaint-configure-$preset-$$.log"; die "configuring preset $preset failed"; }
  rm -f "/tmp/inpaint-configure-$preset-$$.log"
  cmake --build "build/$preset" ${1:+--target "$@"}
}
