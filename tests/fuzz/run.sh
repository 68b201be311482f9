#!/usr/bin/env bash
# run.sh SECONDS [TARGET...]
# Lets libFuzzer drive each target (all, unless named) for so long, one target a processor, from its
# corpus here. New inputs go to build/fuzz/corpus, findings to build/fuzz/findings. Builds first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source cmake/build.sh

usage() {
  say "usage: run.sh SECONDS [TARGET...]"
  exit 2
}

[[ ${1-} =~ ^[1-9][0-9]*$ ]] || usage
export seconds=$1
shift
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  mapfile -t targets < <(ls tests/fuzz/corpus)
fi

# Names in the stack of a finding; addr2line comes with every g++.
export ASAN_OPTIONS="allow_addr2line=1:external_symbolizer_path=$(command -v addr2line)"
export build=${LOCKSTEP_FUZZ_BUILD:-build/fuzz}
build_tree "$build" fuzz --target lockstep_fuzz

fuzz_one() {
  local target=$1 log=$build/$1.log
  mkdir -p "$build/corpus/$target" "$build/findings"
  if "$build/tests/fuzz/lockstep_fuzz_$target" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$build/findings/$target-" \
    "$build/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    awk -v target="$target" '
      /cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
      /^stat::number_of_executed_units:/ { runs = $2 }
      END { printf "%s: no finding in %d runs, %d edges covered\n", target, runs, edges }' "$log"
  else
    echo "$target: a finding; the end of $log:"
    tail -n 40 "$log"
    return 1
  fi
}
export -f fuzz_one

printf '%s\0' "${targets[@]}" | xargs -0 -n 1 -P "$(parallel_jobs)" bash -c 'fuzz_one "$1"' fuzz_one
