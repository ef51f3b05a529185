#!/usr/bin/env bash
# What somebody with a graphics card runs, from a checkout, to say how graft does on it:
#   scripts/gpu_acceptance.sh cuda        (or wgpu)
# Self-check, parity with the processor, speed, and a full run of the seed recipe. All of it goes to
# one file, acceptance-BACKEND.txt, for a bug report. Needs Rust and the driver; the first build
# takes a quarter of an hour or more, the rest a few minutes.
set -uo pipefail
cd "$(dirname "$0")/.."

backend="${1:-}"
case "$backend" in
cuda | wgpu) ;;
*)
    echo "usage: scripts/gpu_acceptance.sh cuda|wgpu" >&2
    exit 2
    ;;
esac
out="$PWD/acceptance-$backend.txt"
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT
ln -s "$PWD/models" "$home/models"
export GRAFT_HOME="$home"
failed=0

step() {
    printf '\n== %s\n' "$*"
    local started=$SECONDS
    "$@" || { local code=$?; failed=$((failed + 1)); echo "FAILED with exit code $code"; }
    echo "($((SECONDS - started)) s)"
}

all() {
    echo "graft $(git rev-parse HEAD 2>/dev/null), $(date -u +%Y-%m-%dT%H:%MZ), $(uname -srm)"
    lspci 2>/dev/null | grep -iE 'vga|3d|display' || true
    nvidia-smi 2>/dev/null || true
    step cargo xtask fetch
    step cargo xtask doctor --device --backend "$backend"
    # Parity: the same 256 digits on both, whose losses and accuracies are to be equal.
    small=(--set data.limit=256 --set data.validation=32 --json)
    step cargo xtask train --backend cpu "${small[@]}"
    step cargo xtask eval --backend cpu --json
    step cargo xtask train --backend "$backend" "${small[@]}"
    step cargo xtask eval --backend "$backend" --json
    for precision in f16 bf16; do
        echo "(a refusal of $precision is no failure where the device does not have it)"
        cargo xtask train --backend "$backend" --set "backbone.precision=$precision" "${small[@]}" || true
    done
    step cargo xtask bench --backend "$backend" --batches 32,128,512,1024 --no-train
    step cargo xtask bench --backend "$backend" --sizes 32 --batches 512 --no-blocks --json
    step cargo xtask train --backend "$backend"
    step cargo xtask eval --backend "$backend"
    step cat "$home"/cache/devices/*.json
    step cat "$home"/runs/*/manifest.json
    echo
    echo "$failed steps failed"
}

all 2>&1 | tee "$out"
echo "written to $out; please attach it to a report"
grep -q '^0 steps failed$' "$out"
