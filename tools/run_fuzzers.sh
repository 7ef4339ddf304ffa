#!/bin/bash
# Runs every fuzzer of a build for a bounded time, one per CPU: tools/run_fuzzers.sh BUILD/tests/fuzz SECONDS
#
# Starts from the seeds in tests/fuzz/corpus/NAME and keeps what it finds beside the build, so that a
# later run goes on from there. A finding fails the run and names the input that shows it again.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
build=$1
seconds=$2

# Beside the programs lie meson's folders of their objects.
fuzzers=$(find "$build" -maxdepth 1 -name 'fuzz_*' -type f | sort)
[ -n "$fuzzers" ] || {
    echo "run_fuzzers: no fuzzer in $build" >&2
    exit 1
}

run_one() {
    fuzzer=$1
    name=$(basename "$fuzzer")
    seeds=$root/tests/fuzz/corpus/${name#fuzz_}
    [ -d "$seeds" ] || {
        echo "run_fuzzers: $name has no seeds in tests/fuzz/corpus/${name#fuzz_}" >&2
        return 1
    }
    found=$build/found/$name
    mkdir -p "$found/corpus"
    if ! "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$found/" "$found/corpus" "$seeds" >"$found/log" 2>&1; then
        tail -n 40 "$found/log" >&2
        echo "run_fuzzers: $name failed; run $fuzzer on the file named above to see it again" >&2
        return 1
    fi
    runs=$(awk '/stat::number_of_executed_units/ { print $2 }' "$found/log")
    echo "run_fuzzers: $name: $runs inputs in $seconds s, nothing found"
}

export -f run_one
export root build seconds
# shellcheck disable=SC2016 # the inner shell is to expand it
echo "$fuzzers" | xargs --max-procs="$(nproc)" --max-args=1 bash -c 'set -euo pipefail; run_one "$1"' run_one
