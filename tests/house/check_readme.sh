#!/bin/sh
# The embedding that the README shows is the one that is built, to the letter.
set -eu
cd "$1"
shown=$(awk '/^```cpp$/ {inside = 1; next} /^```$/ {inside = 0} inside' README.md)
if [ "$shown" != "$(cat examples/embedding/main.cpp)" ]; then
  echo "README.md does not show examples/embedding/main.cpp as it is"
  exit 1
fi
lines=$(wc -l <examples/embedding/main.cpp)
if [ "$lines" -ge 60 ]; then
  echo "examples/embedding/main.cpp has $lines lines; the README promises the smallest, under 60"
  exit 1
fi
