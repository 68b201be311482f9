#!/usr/bin/env bash
# Plants one bug after another in a copy of the tree and tells who catches it: the simulator, after
# how many seeds, and the unit tests. Not in CI: half an hour and more.
#
# run.sh [--seeds N] [--all] [BUG...]
#   --seeds N   of the simulator, for each bug; default 300
#   --all       the unit tests too, where the simulator has caught it
#   BUG         beginnings of names in tests/mutation/bugs; default: all
#
# A bug is a file: a comment, the file that it changes, the old lines (-) and the new ones (+). The old
# ones must be there exactly once, wherever they stand. Exit status 1: one was caught by nobody, or does
# not fit the source any more.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${LOCKSTEP_MUTATION_DIR:-$root/build/mutation}
seeds=300
all=no
wanted=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --seeds) seeds=$2; shift 2 ;;
    --all) all=yes; shift ;;
    *) wanted+=("$1"); shift ;;
  esac
done

mkdir -p "$work/tree"
# The whole tree, without what is built.
tar -C "$root" --exclude=./build --exclude=./.git -cf - . | tar -C "$work/tree" -xf -
cmake --preset release -S "$work/tree" -B "$work/build" -DLOCKSTEP_BUILD_EXAMPLES=OFF \
  -DLOCKSTEP_BUILD_TOOLS=OFF >"$work/log" 2>&1 || { tail "$work/log"; exit 2; }

# Prints a path; the files of tree and root differ in it from now on. 1: it does not fit.
plant() {
  perl -e '
    my ($bug, $root, $tree) = @ARGV;
    open(my $in, "<", $bug) or die; my @lines = <$in>; chomp @lines;
    my ($path, $old, $new) = ("", "", "");
    for (@lines) {
      if (/^#/) { next } elsif (/^-(.*)/) { $old .= "$1\n" } elsif (/^\+(.*)/) { $new .= "$1\n" }
      elsif ($_ ne "") { $path = $_ }
    }
    chomp $old; chomp $new;
    open(my $file, "<", "$root/$path") or exit 1; local $/; my $text = <$file>;
    my $at = index($text, $old);
    exit 1 if $at < 0 or index($text, $old, $at + 1) >= 0;
    substr($text, $at, length($old)) = $new;
    open(my $out, ">", "$tree/$path") or die; print $out $text; print "$path\n";
  ' "$1" "$root" "$work/tree"
}

build() { cmake --build "$work/build" --target "$@" >"$work/log" 2>&1; }

# Which property, after how many seeds; empty: none.
simulate() {
  local output
  output=$(timeout 600 "$work/build/tests/simulation/lockstep-sim" --seeds "$seeds" 2>&1) && return
  # A run that is uncovered, that crashes or takes too long has found nothing out.
  sed -n 's/^VIOLATED in seed \([0-9]*\): \([^:]*\):.*/seed \1: \2/p' <<<"$output" |
    grep -v 'uncovered$' | head -1
}

unit_tests() {
  local suite
  for suite in consensus replication; do
    build "lockstep_${suite}_tests" || return
    timeout 300 "$work/build/tests/$suite/lockstep_${suite}_tests" --gtest_brief=1 \
      --gtest_fail_fast >"$work/log" 2>&1 || { echo "$suite tests"; return; }
  done
}

missed=0
planted=0
caught_by_simulator=0
printf '%-46s %-56s %s\n' "planted bug" "simulator" "unit tests"
for bug in "$root"/tests/mutation/bugs/*.bug; do
  name=$(basename "$bug" .bug)
  if [[ ${#wanted[@]} -gt 0 ]]; then
    chosen=no
    for prefix in "${wanted[@]}"; do [[ $name == "$prefix"* ]] && chosen=yes; done
    [[ $chosen == yes ]] || continue
  fi
  if ! path=$(plant "$bug"); then
    printf '%-46s %s\n' "$name" "DOES NOT FIT the source any more"
    missed=$((missed + 1))
    continue
  fi
  planted=$((planted + 1))
  if build lockstep-sim; then
    simulator=$(simulate)
    tests=""
    [[ -n $simulator && $all == no ]] || tests=$(unit_tests)
  else
    simulator=""
    tests=""
    echo "$name does not build, see $work/log"
  fi
  [[ $simulator == seed* ]] && caught_by_simulator=$((caught_by_simulator + 1))
  [[ -n $simulator || -n $tests ]] || { missed=$((missed + 1)); tests="CAUGHT BY NOBODY"; }
  printf '%-46s %-56s %s\n' "$name" "${simulator:--}" "${tests:--}"
  cp "$root/$path" "$work/tree/$path"
done
echo "$planted planted, $caught_by_simulator caught by the simulator, $missed missed"
[[ $missed -eq 0 ]]
