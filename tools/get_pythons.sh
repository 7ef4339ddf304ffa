#!/bin/bash
# Fetches the CPython interpreters that the tests need and this machine lacks, into build/pythons/.
#
#   tools/get_pythons.sh              those of tools/pythons.txt that tools/find_pythons.py misses
#   tools/get_pythons.sh 3.14 3.15    these, also where the machine has its own
#
# Three sources, as tools/pythons.txt says. Packages of another Debian suite are resolved, checked and
# downloaded by apt in a private state folder (nothing is installed, no root needed), unpacked beside
# each other with the libc of that suite, and the interpreter is told by patchelf to use that libc: it
# then runs as an ordinary program outside any chroot. Versions that no suite carries come from the
# Maven artifact that packs a whole CPython. Free-threaded builds are in no package that installs beside
# others: they are built from the source that Debian's package is made of, without what no test needs.
# BARO_DEBIAN_MIRROR names another place to fetch from.
#
# What is there and runs is left alone, so a second call takes no time. The result belongs to the
# folder it was made in (the path of the loader is inside the program); a moved tree fetches anew.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
pythons=$root/build/pythons
list=$root/tools/pythons.txt
retries=3
apt_helper=/usr/lib/apt/apt-helper
# Of a CPython built here: what the tests do not import and takes long to compile, or libraries to have.
unneeded_modules=(
    _codecs_{cn,hk,iso2022,jp,kr,tw} _multibytecodec _bz2 _curses _curses_panel _dbm _decimal
    _elementtree _gdbm _hashlib _hmac _lsprof _lzma _remote_debugging _sqlite3 _ssl _tkinter _uuid
    _zstd nis ossaudiodev pyexpat readline
)
# The pinned one of the virtual environment first: 0.17 and 0.18 (Debian 13) break the 3.9 of bullseye.
patchelf=$root/build/venv/bin/patchelf
[ -x "$patchelf" ] || patchelf=patchelf

fail() {
    echo "get_pythons: $*" >&2
    exit 1
}

say() {
    echo "get_pythons: $*"
}

need() {
    command -v "$1" >/dev/null || fail "needs $1; \`make test\` installs it"
}

# The machine's own Debian mirror, so that proxies and mirrors set up for apt are honoured.
debian_mirror() {
    if [ -n "${BARO_DEBIAN_MIRROR:-}" ]; then
        echo "$BARO_DEBIAN_MIRROR"
        return
    fi
    local codename
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
    # shellcheck disable=SC2016 # apt expands these
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk -v codename="$codename" \
            '$2 == "main" && $1 == codename && $3 ~ /debian\/?$/ { print $3; exit }'
}

# apt-get with its own lists, cache and an empty package database: resolves as for a bare system.
private_apt() {
    local state=$1
    shift
    apt-get -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null \
        -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" \
        -o Dir::State="$state" -o Dir::Cache="$state/cache" -o APT::Sandbox::User= \
        -o Acquire::Languages=none -o Acquire::Retries=5 -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        -o APT::Install-Recommends=false -qq "$@"
}

# Unpacks the packages of one suite into a root of its own: fetch_suite SUITE VERSION...
fetch_suite() {
    local suite=$1
    shift
    local state=$pythons/.apt-$suite target=$pythons/debian-$suite log=$pythons/.apt-$suite/log
    local mirror keyring packages=() version attempt
    need apt-get
    need dpkg-deb
    need "$patchelf"
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || fail "found no Debian mirror in apt's sources; set BARO_DEBIAN_MIRROR"
    for keyring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
        [ -e "$keyring" ] && break
    done
    [ -e "$keyring" ] || fail "needs the package debian-archive-keyring"
    for version in "$@"; do
        packages+=("python$version")
    done

    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    : >"$state/status"
    echo "deb [signed-by=$keyring] $mirror $suite main" >"$state/sources.list"
    say "python$(printf ' %s' "$@") from Debian $suite"
    for ((attempt = 1; ; attempt++)); do
        if private_apt "$state" update >"$log" 2>&1 &&
            private_apt "$state" --yes --download-only install "${packages[@]}" >>"$log" 2>&1; then
            break
        fi
        ((attempt < retries)) ||
            fail "no python$(printf ' %s' "$@") from Debian $suite: $(grep -m1 '^E:' "$log" || tail -n1 "$log")"
        sleep $((attempt * 5))
    done

    # Made aside and moved in one step: an interrupted run leaves nothing half-made behind.
    rm -rf "$target" "$target.new"
    mkdir -p "$target.new"
    local package
    for package in "$state"/cache/archives/*.deb; do
        dpkg-deb --extract "$package" "$target.new"
    done
    for version in "$@"; do
        use_own_libc "$target" "$target.new/usr/bin/python$version"
    done
    mv "$target.new" "$target"
    rm -rf "$state"
    for version in "$@"; do
        check "$version" "$target/usr/bin/python$version"
    done
}

# Points a program below TARGET.new at the loader and the libraries of TARGET, its place later.
use_own_libc() {
    local target=$1 program=$2 loader libc link
    # Links to a path from the root of that system would lead into this one.
    find "$target.new" -type l -lname '/*' | while read -r link; do
        case $(readlink "$link") in
            "$target"/*) ;;
            *) ln -sfn "$target$(readlink "$link")" "$link" ;;
        esac
    done
    loader=$("$patchelf" --print-interpreter "$program")
    [ -e "$target.new$loader" ] || [ -L "$target.new$loader" ] || loader=/usr$loader
    libc=$(dirname "$(find "$target.new" -name 'libc.so.6' | head -n1)")
    # Suites before the merge of /lib into /usr/lib hold libraries in both.
    "$patchelf" --set-interpreter "$target$loader" --force-rpath \
        --set-rpath "$target${libc#"$target.new"}:$target/usr/lib/$(basename "$libc")" "$program"
}

# A whole CPython from a Maven artifact: fetch_maven VERSION GROUP:ARTIFACT:VERSION
fetch_maven() {
    local version=$1 artifact=$2 target=$pythons/maven-$1 state=$pythons/.maven-$1
    local platform attempt
    need mvn
    need "$patchelf"
    case $(uname -m) in
        x86_64) platform=linux-x86_64 ;;
        aarch64) platform=linux-arm64 ;;
        *) fail "no python $version for $(uname -m) in Maven's $artifact" ;;
    esac
    mkdir -p "$state"
    say "python $version from Maven $artifact"
    for ((attempt = 1; ; attempt++)); do
        if mvn --quiet --batch-mode \
            org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
            -Dartifact="$artifact:jar:$platform" -DoutputDirectory="$state" >"$state/log" 2>&1; then
            break
        fi
        ((attempt < retries)) ||
            fail "no python $version from Maven $artifact: $(grep -m1 ERROR "$state/log" || echo 'no reason given')"
        sleep $((attempt * 5))
    done
    python3 - "$state"/*.jar "$state/unpacked" <<'PYTHON'
import sys
import zipfile

zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])
PYTHON
    local unpacked
    unpacked=$(echo "$state"/unpacked/org/bytedeco/cpython/linux-*)
    # The libraries packed beside the interpreter are found by it and by its extension modules.
    chmod +x "$unpacked"/bin/*
    "$patchelf" --force-rpath --set-rpath "$target:$target/lib" \
        "$unpacked/bin/python$version" "$unpacked/lib/python$version"/lib-dynload/*.so
    rm -rf "$target"
    mv "$unpacked" "$target"
    rm -rf "$state"
    check "$version" "$target/bin/python$version"
}

# Unpacks the tarball of a source package into STATE/source: fetch_tarball VERSION PLACE SHA256 STATE
fetch_tarball() {
    local version=$1 place=$2 sum=$3 state=$4
    local mirror tarball attempt
    need xz
    [ -x "$apt_helper" ] || fail "needs $apt_helper"
    case $place in
        debian/*) mirror=$(debian_mirror) ;;
        *) fail "tools/pythons.txt: unknown place $place of python $version" ;;
    esac
    [ -n "$mirror" ] || fail "found no Debian mirror in apt's sources; set BARO_DEBIAN_MIRROR"
    rm -rf "$state"
    mkdir -p "$state/source"
    tarball=$state/$(basename "$place")
    say "python $version: the source, $(basename "$place")"
    # Refuses what has another checksum.
    for ((attempt = 1; ; attempt++)); do
        if "$apt_helper" -o APT::Sandbox::User= -qq download-file "${mirror%/}/${place#*/}" \
            "$tarball" "SHA256:$sum" >"$state/log" 2>&1; then
            break
        fi
        ((attempt < retries)) ||
            fail "no source of python $version: $(grep -m1 '^E:' "$state/log" || tail -n1 "$state/log")"
        sleep $((attempt * 5))
    done
    tar --extract --file "$tarball" --directory "$state/source" --strip-components 1
}

# A free-threaded CPython built from the tarball of a source package: fetch_source VERSION PLACE SHA256
fetch_source() {
    local version=$1 target=$pythons/source-$1 state=$pythons/.source-$1
    local jobs
    need gcc
    need make
    fetch_tarball "$@" "$state"
    mkdir -p "$state/build/Modules"
    jobs=$(nproc)
    say "python $version: the build, some minutes ($jobs at a time)"
    printf '%s\n' '*disabled*' "${unneeded_modules[@]}" >"$state/build/Modules/Setup.local"
    if ! (
        cd "$state/build"
        # No debug information, no optimization guided by a profile: it shall be quick to build.
        ../source/configure --quiet --disable-gil --without-ensurepip --disable-test-modules \
            --without-static-libpython --prefix="$target" OPT='-DNDEBUG -O2 -w'
        make --silent --jobs "$jobs"
    ) >"$state/log" 2>&1; then
        fail "python $version does not build: $(grep -m1 -iE 'error:?' "$state/log" || tail -n1 "$state/log")"
    fi
    install_build "$version" "$state" "$target.new"
    install_headers "$version" "$state" "$target.new" "$state/build/pyconfig.h"
    rm -rf "$target"
    mv "$target.new" "$target"
    rm -rf "$state"
    check "$version" "$target/bin/python$version"
}

# What `make install` puts there and tests use, without compiling the library three times: VERSION STATE TARGET
install_build() {
    local version=$1 state=$2 target=$3 library=$3/lib/python$1 made
    made=$state/build/$(cat "$state/build/pybuilddir.txt")
    rm -rf "$target"
    mkdir -p "$target/bin" "$library/lib-dynload"
    cp "$state/build/python" "$target/bin/python$version"
    tar --create --directory "$state/source/Lib" --exclude=./test --exclude=./idlelib \
        --exclude=./tkinter --exclude=./turtledemo --exclude=__pycache__ . |
        tar --extract --directory "$library"
    cp "$made"/*.so "$library/lib-dynload"
    cp "$made"/_sysconfig*.* "$library"
}

# Headers, with the PYCONFIG of the build: VERSION STATE TARGET PYCONFIG
install_headers() {
    local version=$1 state=$2 target=$3 pyconfig=$4 folder=$3/include/python$1
    rm -rf "$folder.new" "$folder"
    mkdir -p "$target/include"
    cp -r "$state/source/Include" "$folder.new"
    cp "$pyconfig" "$folder.new/pyconfig.h"
    mv "$folder.new" "$folder"
}

# Headers of one that was built without them: fetch_headers VERSION PLACE SHA256. What its configure found it still knows.
fetch_headers() {
    local version=$1 target=$pythons/source-$1 state=$pythons/.source-$1
    fetch_tarball "$@" "$state"
    "$target/bin/python$version" - "$state/source/pyconfig.h.in" >"$state/pyconfig.h" <<'PYTHON'
import re
import sys
import sysconfig

known = sysconfig.get_config_vars()
for line in open(sys.argv[1], encoding="utf-8"):
    name = re.match(r"#\s*undef (\w+)", line)
    value = known.get(name[1], 0) if name else 0
    # Zero stands for what is not defined; HAVE_DECL_ is always defined.
    if name and (value != 0 or name[1].startswith("HAVE_DECL_")):
        line = f"#define {name[1]} {value}\n"
    sys.stdout.write(line)
PYTHON
    install_headers "$version" "$state" "$target" "$state/pyconfig.h"
    rm -rf "$state"
    say "headers of python $version"
}

# Checks that an interpreter is what it should be.
check() {
    local version=$1 program=$2 reason
    reason=$("$program" -c "
import sys, sysconfig
import zlib, ctypes, threading, multiprocessing, json
found = '%d.%d' % sys.version_info[:2] + ('t' if sysconfig.get_config_var('Py_GIL_DISABLED') else '')
sys.exit(None if found == '$version' else 'it is ' + found)" 2>&1) ||
        fail "python $version was fetched but does not run: $(tail -n1 <<<"${reason:-it crashes}")"
    say "$("$program" -c 'import sys; print("python", sys.version.split()[0] + sys.abiflags)') is ready"
}

# What an earlier run made, where it still starts (a moved tree does not).
runs_already() {
    local program
    for program in "$pythons"/*/bin/python"$1" "$pythons"/*/usr/bin/python"$1"; do
        "$program" -c pass 2>/dev/null && return
    done
    return 1
}

# One built here, by an earlier version of this script.
lacks_headers() {
    [ -d "$pythons/source-$1" ] && [ ! -e "$pythons/source-$1/include/python$1/Python.h" ]
}

main() {
    local wanted=("$@") version source argument sum suite missing
    local -A suites=()
    if [ ${#wanted[@]} -eq 0 ]; then
        missing=$(python3 "$root/tools/find_pythons.py" --missing)
        read -ra wanted <<<"${missing//$'\n'/ }"
        while read -r version; do
            ! lacks_headers "$version" || wanted+=("$version")
        done < <(awk '$2 == "source" { print $1 }' "$list")
    fi
    for version in "${wanted[@]}"; do
        read -r source argument sum < <(awk -v v="$version" '$1 == v { print $2, $3, $4 }' "$list") ||
            fail "python $version is not in tools/pythons.txt"
        if runs_already "$version"; then
            ! lacks_headers "$version" || fetch_headers "$version" "$argument" "$sum"
            continue
        fi
        mkdir -p "$pythons"
        case $source in
            debian) suites[$argument]=wanted ;;
            maven) fetch_maven "$version" "$argument" ;;
            source) fetch_source "$version" "$argument" "$sum" ;;
            own) fail "python $version is to be built by hand; docs/adding-a-python.md says how" ;;
            *) fail "tools/pythons.txt: unknown source $source of python $version" ;;
        esac
    done
    for suite in "${!suites[@]}"; do
        # A root is made as a whole, with all versions that come from its suite.
        # shellcheck disable=SC2046 # a list of versions
        fetch_suite "$suite" $(awk -v s="$suite" '$2 == "debian" && $3 == s { print $1 }' "$list")
    done
    say "nothing is missing"
}

main "$@"
