#!/usr/bin/env bash
# Installs what is needed, builds lockstep-demo and runs it; options go to the program (try --help).
# With --json the program's last line is the last on stdout: all that this script says is on stderr.
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/build.sh

verdict() {
  local json=
  for argument in "${arguments[@]}"; do
    [[ $argument != --json ]] || json=yes
  done
  if [[ $json ]]; then echo "demo.sh: $*" >&2; else echo "demo.sh: $*"; fi
}

arguments=("$@")
install_dependencies || { verdict "FAILED (dependencies)"; exit 1; }
build_release --target lockstep-demo || { verdict "FAILED (build)"; exit 1; }

program=$PWD/build/release/examples/three_node_demo/lockstep-demo
# File names among the options are the caller's.
cd "$called_from"
status=0
"$program" "$@" || status=$?
case $status in
  0) verdict "PASSED" ;;
  2) verdict "not run: the options or the input are wrong (exit status 2)" ;;
  *) verdict "FAILED (exit status $status)" ;;
esac
exit "$status"
