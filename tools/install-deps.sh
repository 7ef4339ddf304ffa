#!/bin/bash
# Installs the Debian packages the project needs, as root or through sudo.
#
#   tools/install-deps.sh          what building and running needs
#   tools/install-deps.sh test     this and what the tests need
#   tools/install-deps.sh --list [test]   prints the packages and installs nothing
#
# Asks the package database first: where everything is there it takes a moment and needs no root. Known
# to work on Debian 12 and 13; elsewhere it names the packages and leaves installing to you.
set -euo pipefail

build_packages=(
    gcc libc6-dev pkgconf
    libzstd-dev zlib1g-dev
    python3 python3-dev python3-venv
)
# What the tests need besides: the second compiler with its sanitizers and fuzzers; what fetches and
# builds interpreters (maven, libffi, xz) and the programs that read our exports (go, cargo, chromium,
# callgrind_annotate, java); the shells.
# PACKAGE:PROGRAM is there also where the program came from elsewhere.
test_packages=(
    libcmocka-dev
    clang libclang-rt-dev
    maven:mvn default-jre-headless:java debian-archive-keyring libffi-dev make xz-utils
    golang-go:go cargo:cargo chromium:chromium valgrind:callgrind_annotate
    git:git shellcheck:shellcheck util-linux zsh:zsh
)

fail() {
    echo "install-deps: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        fail "to install packages run this as root or install sudo: ${missing[*]}"
    fi
}

# Networks fail for a moment now and then; three tries, then apt's own reason.
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
    local reason
    reason=$(grep -m1 '^E:' "$log" || tail -n1 "$log")
    rm -f "$log"
    fail "$reason"
}

main() {
    local list=no packages=("${build_packages[@]}") argument
    for argument in "$@"; do
        case $argument in
            --list) list=yes ;;
            test) packages+=("${test_packages[@]}") ;;
            *) fail "unknown argument: $argument (see the top of this file)" ;;
        esac
    done
    if [ "$list" = yes ]; then
        printf '%s\n' "${packages[@]%:*}"
        return
    fi
    command -v dpkg-query >/dev/null ||
        fail "this is no Debian; install the counterparts of: ${packages[*]%:*}"

    missing=()
    for argument in "${packages[@]}"; do
        if [[ $argument == *:* ]] && type -P "${argument#*:}" >/dev/null; then
            continue
        fi
        argument=${argument%:*}
        dpkg-query --show --showformat '${db:Status-Status}' "$argument" 2>/dev/null |
            grep -qx installed || missing+=("$argument")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        echo "install-deps: all ${#packages[@]} packages are there"
        return
    fi
    echo "install-deps: installing ${missing[*]}"
    with_retries as_root apt-get -o Acquire::Retries=5 -qq update
    with_retries as_root apt-get -o Acquire::Retries=5 -qq --yes --no-install-recommends \
        install "${missing[@]}"
}

main "$@"
