#!/usr/bin/env bash
# Installs what is needed, builds the release preset and runs all tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/build.sh

fail() {
  echo "tests/run.sh: FAILED ($*)"
  exit 1
}

install_dependencies || fail "dependencies"
build_release || fail "build"

output=build/release/ctest.log
ctest --preset release -j "$(parallel_jobs)" 2>&1 | tee "$output" || fail "see $output"
echo "tests/run.sh: PASSED, $(sed -n 's/.*tests passed.* out of \([0-9]*\)$/\1/p' "$output") tests"
