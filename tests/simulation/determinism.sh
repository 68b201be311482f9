#!/usr/bin/env bash
# The same seeds do the same in two processes, of the same build or of different ones.
# determinism.sh [--seed S] [--seeds N] SIMULATOR SIMULATOR...
set -euo pipefail

arguments=()
while [[ ${1:-} == --* ]]; do
  arguments+=("$1" "$2")
  shift 2
done
[[ $# -ge 2 ]] || { echo "two simulators, or the same one twice"; exit 2; }

hashes_of() { "$1" "${arguments[@]}" --hashes | grep -E '^[0-9]+ [0-9a-f]{16}$'; }

expected=$(hashes_of "$1")
for simulator in "${@:2}"; do
  if ! difference=$(diff <(echo "$expected") <(hashes_of "$simulator")); then
    echo "the traces of $1 and of $simulator differ (seed, hash):"
    echo "$difference"
    exit 1
  fi
done
echo "$(wc -l <<<"$expected") seeds, the same traces in $# processes"
