#!/bin/sh
# Installs what the integration tests start: redis-server, PostgreSQL, moto, promtool and Chromium.
# What is already there is left alone, so it can run before every test. Debian or Ubuntu;
# as root or with sudo. Quiet when all is well; names what failed otherwise.
set -eu

moto_version=5.2.1
moto_venv="${HOME}/.cache/holdfast/moto"
programs="${HOME}/.cache/holdfast/bin"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

die() {
    echo "deps: $*" >&2
    cat "$log" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

updated=no
apt_install() {
    have apt-get || die "$1 is missing and this is not a Debian system: install it by hand"
    [ "$(id -u)" -eq 0 ] || have sudo || die "$1 is missing: run this as root or install sudo"
    echo "deps: installing $*"
    if [ "$updated" = no ]; then
        as_root apt-get update -qq >"$log" 2>&1 || die "apt-get update failed"
        updated=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1 || die "apt-get install $* failed"
}

have_postgres() {
    have postgres && have initdb && return 0
    for bin in /usr/lib/postgresql/*/bin; do
        [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] && return 0
    done
    return 1
}

have_moto() {
    for moto in "${HOLDFAST_MOTO:-}" "$(command -v moto_server || true)" \
        "$moto_venv/bin/moto_server" "$HOME/.pyenv/shims/moto_server"; do
        # A pyenv shim exists even where the chosen Python lacks moto, so it is run.
        [ -n "$moto" ] && [ -x "$moto" ] && "$moto" --help >/dev/null 2>&1 && return 0
    done
    return 1
}

install_moto() {
    have python3 || apt_install python3
    # Debian's Python refuses packages outside a virtual environment (PEP 668).
    python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3-venv
    echo "deps: installing moto $moto_version in $moto_venv"
    python3 -m venv --clear "$moto_venv" >"$log" 2>&1 || die "python3 -m venv $moto_venv failed"
    "$moto_venv/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$moto_version" >"$log" 2>&1 ||
        die "pip install moto[server]==$moto_version failed"
}

have_promtool() { have promtool || [ -x "$programs/promtool" ]; }

# The tool alone: Debian's package would start a server as well.
install_promtool() {
    have apt-get || die "promtool is missing and this is not a Debian system: put it into $programs by hand"
    echo "deps: installing promtool in $programs"
    dir=$(mktemp -d)
    mkdir -p "$programs"
    if ! (cd "$dir" && apt-get download prometheus) >"$log" 2>&1; then
        as_root apt-get update -qq >"$log" 2>&1 || die "apt-get update failed"
        (cd "$dir" && apt-get download prometheus) >"$log" 2>&1 || die "apt-get download prometheus failed"
    fi
    dpkg-deb --fsys-tarfile "$dir"/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$dir/promtool" || die "the package of prometheus has no promtool"
    chmod +x "$dir/promtool"
    mv "$dir/promtool" "$programs/promtool"
    rm -rf "$dir"
}

have_chromium() {
    for chromium in chromium chromium-browser google-chrome google-chrome-stable; do
        have "$chromium" && return 0
    done
    return 1
}

have redis-server || apt_install redis-server
have_postgres || apt_install postgresql
have_moto || install_moto
have_promtool || install_promtool
have_chromium || apt_install chromium fonts-dejavu-core

have redis-server || die "redis-server was installed and is still not in PATH"
have_postgres || die "PostgreSQL was installed and is still not found"
have_chromium || die "Chromium was installed and is still not in PATH"
have_moto || die "moto was installed and moto_server still does not run"
have_promtool || die "promtool was installed and is still not found"
