#!/usr/bin/env bash
# Installs what Lockstep is built with, on Debian and Ubuntu; does nothing if it is all there.
# With --ci also what .ci/run uses besides: the second compiler, the formatter, RocksDB for its example,
# ipsec-mb and Google Benchmark for the benchmarks, valgrind for the guard of an entry's cost.
set -euo pipefail

say() { echo "install-dependencies: $*" >&2; }

readonly required="g++, cmake >= 3.25, ninja, and the development files of Boost >= 1.81 (headers),
  OpenSSL >= 3.0, nlohmann-json >= 3.10, spdlog >= 1.9, GoogleTest and GoogleMock >= 1.10
  (ccache is used if it is there)"

packages=(g++ cmake ninja-build ccache libssl-dev nlohmann-json3-dev libspdlog-dev libgtest-dev
          libgmock-dev)
case "${1-}" in
  "") ;;
  --ci) packages+=(clang-16 libclang-rt-16-dev clang-format-14 librocksdb-dev libipsec-mb-dev
                   libbenchmark-dev valgrind) ;;
  *) say "usage: install-dependencies.sh [--ci]"; exit 2 ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  say "this is neither Debian nor Ubuntu. Please install:
  $required
and set LOCKSTEP_SKIP_INSTALL=1 for demo.sh and run.sh."
  exit 1
fi

installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package} ${Version}\n' 2>/dev/null | sed -n 's/^ii *//p')

at_least() { dpkg --compare-versions "$1" ge "$2"; }

has_boost() {
  local name version
  while read -r name version; do
    if [[ $name =~ ^libboost(1\.[0-9]+)?-dev$ ]] && at_least "$version" 1.81; then return 0; fi
  done <<<"$installed"
  return 1
}

# Debian 12 has 1.74 as libboost-dev and 1.81 beside it; later releases have a later libboost-dev.
boost_package() {
  local candidate
  candidate=$(apt-cache policy libboost-dev | awk '$1 == "Candidate:" { print $2 }')
  if [[ -n $candidate && $candidate != "(none)" ]] && at_least "$candidate" 1.81; then
    echo libboost-dev
    return
  fi
  apt-cache pkgnames libboost1. | grep -E '^libboost1\.[0-9]+-dev$' | sort -V |
    awk -F '[.-]' '$2 >= 81' | tail -n 1
}

cmake_version() { cmake --version | awk 'NR == 1 { print $3 }'; }

# A cmake of another origin (cmake.org, pip) does as well as Debian's.
is_there() {
  if [[ $1 == cmake ]] && command -v cmake >/dev/null; then
    at_least "$(cmake_version)" 3.25
  else
    grep -q "^$1 " <<<"$installed"
  fi
}

wanted=()
for package in "${packages[@]}"; do
  is_there "$package" || wanted+=("$package")
done
if [[ ${#wanted[@]} -eq 0 ]] && has_boost; then
  exit 0
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    say "not root, and there is no sudo. As root, run: $0 $*"
    exit 1
  fi
  as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Acquire::Retries=3 \
    -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null && return
  say "apt-get $* failed:"
  tail -n 30 "$log" >&2
  exit 1
}

say "reading the package lists"
apt update
if ! has_boost; then
  boost=$(boost_package)
  if [[ -z $boost ]]; then
    say "this release has no Boost >= 1.81 (Debian 12 and Ubuntu 24.04 have it). Lockstep needs
  $required"
    exit 1
  fi
  wanted+=("$boost")
fi
say "installing ${wanted[*]}"
apt install --no-install-recommends "${wanted[@]}"

if ! is_there cmake; then
  say "cmake is $(cmake_version), but 3.25 is needed (Debian 12 and Ubuntu 24.04 have it)"
  exit 1
fi
say "done"
