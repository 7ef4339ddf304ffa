#!/bin/bash
# Fetches two packages with their test suites, click and attrs, into build/consumers/suites/, for
# tests/python/suites: they are run with every function decorated. From PyPI, by pip: the source
# archives, pinned by their checksums, and what runs the suites, at the last versions for Python 3.9,
# in one folder for all interpreters (all of it is Python). What is there is left alone.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
suites=$root/build/consumers/suites
packages=(
    "click==8.1.8 --hash=sha256:ed53c9d8990d83c2a27deae68e4ee337473f6330c040a31d4225c9574d16096a"
    "attrs==25.3.0 --hash=sha256:75d7cefc7fb576747b2c81b4442d4d4a1ce0900973527c011d1030fd3bf4af1b"
)
runners=(
    pytest==8.4.2 hypothesis==6.141.1 iniconfig==2.1.0 packaging==25.0 pluggy==1.6.0
    pygments==2.19.2 sortedcontainers==2.4.0
    exceptiongroup==1.3.0 tomli==2.2.1 typing_extensions==4.15.0 # before 3.11
)
python=$root/build/venv/bin/python
[ -x "$python" ] || python=python3
pip=("$python" -m pip --quiet --disable-pip-version-check --retries 5)

if [ -f "$suites/complete" ]; then
    echo "get_suites: nothing is missing"
    exit
fi
rm -rf "$suites"
part=$(mktemp -d)
trap 'rm -rf "$part"' EXIT
mkdir -p "$suites"
printf '%s\n' "${packages[@]}" >"$part/requirements.txt"
# Only these two as source: what pip builds to read their names may come as wheels.
"${pip[@]}" download --no-deps --require-hashes --no-binary click,attrs --dest "$part" \
    --requirement "$part/requirements.txt"
for archive in "$part"/*.tar.gz; do
    name=$(basename "$archive" .tar.gz)
    tar -C "$suites" -xf "$archive"
    # As an installed one has it: the suites ask for the version.
    mkdir "$suites/$name/src/${name%-*}.egg-info"
    cp "$suites/$name/PKG-INFO" "$suites/$name/src/${name%-*}.egg-info/"
    mv "$suites/$name" "$suites/${name%-*}"
done
"${pip[@]}" install --no-deps --only-binary :all: --implementation py --abi none --platform any \
    --target "$suites/runner" "${runners[@]}"
touch "$suites/complete"
echo "get_suites: nothing is missing"
