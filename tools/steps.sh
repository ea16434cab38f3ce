# For ./test and .ci/run to source: runs the steps, keeps what came of them in the folder $results
# (JUnit files of the test programs, and steps.txt for the steps that count as one test each),
# and closes with the line that sums them up.

start_results() {
  results=$1
  rm -rf "$results"
  mkdir -p "$results"
  results=$(cd "$results" && pwd -P)
}

heading() {
  printf '\n== %s (%d s)\n' "$1" "$SECONDS"
}

# step NAME COMMAND...: one test, which passes when the command does.
step() {
  local name=$1 status=passed
  shift
  heading "$name"
  "$@" </dev/null || status=failed
  [ "$status" = passed ] || echo "FAILED: $name"
  printf '%s\t%s\n' "$status" "$name" >> "$results/steps.txt"
  [ "$status" = passed ]
}

# run_ctest NAME FOLDER [ARGUMENT...]: the unit tests and the simulator built in FOLDER. A command
# in ctest_prefix is put in front.
ctest_prefix=()
run_ctest() {
  local name=$1 folder=$2
  shift 2
  heading "$name"
  "${ctest_prefix[@]}" ctest --test-dir "$folder" --output-on-failure --timeout 600 -j "$(nproc)" "$@" \
    --output-junit "$results/$name.xml" --test-output-size-passed 1000000 \
    --test-output-size-failed 1000000 </dev/null
  [ -s "$results/$name.xml" ] || printf 'failed\t%s\n' "$name" >> "$results/steps.txt"
}

# test_targets FOLDER [REGEX]: the programs that ctest runs there, as names of targets; REGEX picks
# tests by name. Read from ctest's own files, since ctest tells no program that is not built yet.
test_targets() {
  local folder
  folder=$(cd "$1" && pwd -P)
  find "$folder" -name CTestTestfile.cmake -exec cat {} + |
    sed -nE 's#^add_test\((\[=*\[)?([^]" ]+)(\]=*\])? "'"$folder"'/([^"]*/)?([^"/]+)".*#\2 \5#p' |
    awk -v regex="${2:-.}" '$1 ~ regex { print $2 }' | sort -u
}

# The last line of all, and the exit status. Failures are named above it.
closing_line() {
  exec /usr/bin/python3 "$tools/tally.py" "$@"
}
