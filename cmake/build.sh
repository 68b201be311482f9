# Sourced by examples/demo.sh, tests/run.sh and .ci/run from the project's folder: one build in
# build/release for all three. Whatever is said here goes to stderr.

say() { echo "${0##*/}: $*" >&2; }

# Beast takes about 1 GB a translation unit, so memory bounds the jobs as well as the processors do.
parallel_jobs() {
  local jobs memory_kib limit
  jobs=$(nproc 2>/dev/null || echo 1)
  memory_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2>/dev/null || true)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || true)
  if [[ $limit =~ ^[0-9]+$ && $((limit / 1024)) -lt ${memory_kib:-$((limit / 1024 + 1))} ]]; then
    memory_kib=$((limit / 1024))
  fi
  if [[ -n $memory_kib && $((memory_kib / 1500000)) -lt $jobs ]]; then
    jobs=$((memory_kib / 1500000))
  fi
  echo $((jobs > 0 ? jobs : 1))
}

install_dependencies() {
  if [[ -z ${LOCKSTEP_SKIP_INSTALL-} ]]; then
    cmake/install-dependencies.sh "$@"
  fi
}

# Passes through only how far the build is, every few seconds.
show_progress() {
  local line said_at=$SECONDS
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+/[0-9]+)\] && $((SECONDS - said_at)) -ge 5 ]]; then
      say "  built ${BASH_REMATCH[1]}"
      said_at=$SECONDS
    fi
  done
}

# build_tree FOLDER PRESET CMAKE_ARGUMENT... [--target TARGET]
# Configures and builds quietly; the end of the log is shown if that fails.
build_tree() {
  local folder=$1 preset=$2 log=$1/build.log started=$SECONDS configure=() jobs
  shift 2
  while [[ $# -gt 0 && $1 != --target ]]; do
    configure+=("$1")
    shift
  done
  jobs=$(parallel_jobs)

  mkdir -p "$folder"
  say "building preset $preset in $folder, $jobs at a time"
  if ! cmake --preset "$preset" -B "$folder" "${configure[@]}" >"$log" 2>&1 ||
    ! cmake --build "$folder" -j "$jobs" "$@" 2>&1 | tee -a "$log" | show_progress; then
    say "the build failed; the end of $log:"
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Scanning)' "$log" | tail -n 60 >&2
    return 1
  fi
  say "built in $((SECONDS - started)) s"
}

# The build of demo.sh and run.sh. Passing the option only when asked leaves an existing tree as it is.
build_release() {
  build_tree build/release release \
    ${LOCKSTEP_WARNINGS_AS_ERRORS:+-DLOCKSTEP_WARNINGS_AS_ERRORS=$LOCKSTEP_WARNINGS_AS_ERRORS} "$@"
}
