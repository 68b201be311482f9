#!/bin/sh
# The checker against a tree with planted violations: it must find these, no others, and fail.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if found=$("$here/check_layers.sh" "$here/fixture"); then
  echo "the checker passed a tree that breaks the rules"
  exit 1
fi
if [ "$found" != "$(cat "$here/fixture/expected.txt")" ]; then
  echo "the checker found something else than fixture/expected.txt:"
  echo "$found"
  exit 1
fi
