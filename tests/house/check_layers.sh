#!/bin/sh
# check_layers.sh TREE: fails, and says where, if a source under TREE includes what its layer may not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"

find include src -name '*.[ch]pp' | LC_ALL=C sort | xargs awk \
  -v rules="$here/layers.rules" \
  -v layers=" base wire consensus link runtime wal transport replication tools public " \
  -f "$here/check_layers.awk" "$here/layers.rules"
