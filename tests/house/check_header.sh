#!/bin/sh
# check_header.sh HEADER COMPILER FLAG...: fails if HEADER does not compile alone, or drags a heavy
# library into every host that includes it.
set -eu
header=$1
shift

dependencies=$(mktemp)
trap 'rm -f "$dependencies"' EXIT

# Twice, so that a missing include guard is found too.
if ! printf '#include <%s>\n#include <%s>\n' "$header" "$header" |
  "$@" -std=c++20 -x c++ -fsyntax-only -MD -MF "$dependencies" -MT header -; then
  echo "$header does not compile alone"
  exit 1
fi

heavy=$(tr -s ' \\' '\n\n' <"$dependencies" |
  grep -E '/(boost/beast|openssl|spdlog)/|/nlohmann/json\.hpp$' | head -n 3) || true
if [ -n "$heavy" ]; then
  echo "$header includes, itself or through another header:"
  echo "$heavy"
  exit 1
fi
grep -q "$header" "$dependencies"
