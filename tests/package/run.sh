#!/usr/bin/env bash
# run.sh BUILD_FOLDER: builds and runs a small host twice, against the library installed from
# BUILD_FOLDER and against the sources as a shared library, which also shows that all exports are there;
# and, from the installed headers, the conformance kits for transports and logs.
# The tools are installed too.
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"

embedding=$PWD/../../examples/embedding/main.cpp
[[ -e $embedding ]] || embedding=$PWD/version_only.cpp

work=$build/package-test
rm -rf "$work"

# Not optimised: it is compiled for longer than it runs.
build_and_run() {
  local name=$1 programs=$2
  shift 2
  cmake -S "$name" -B "$work/$name" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS_RELEASE="-O0 -DNDEBUG" -DEMBEDDING="$embedding" "$@" >/dev/null
  cmake --build "$work/$name" --target $programs -j "${JOBS:-2}" >"$work/$name/build.log" ||
    { tail -n 40 "$work/$name/build.log"; return 1; }
  for program in $programs; do
    (cd "$work/$name" && GTEST_BRIEF=1 timeout 120 "./$program")
  done
}

cmake --install "$build" --prefix "$work/prefix" >/dev/null
"$work/prefix/bin/lockstep-wal" --help | grep -q inspect
"$work/prefix/bin/lockstep-bench" --help | grep -q throughput
build_and_run find_package "consumer conformance" -DCMAKE_PREFIX_PATH="$work/prefix"
build_and_run add_subdirectory consumer -DBUILD_SHARED_LIBS=ON -DLOCKSTEP_CCACHE=ON
echo "tests/package/run.sh: PASSED"
