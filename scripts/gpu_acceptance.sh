#!/usr/bin/env bash
# What somebody with a GPU runs, from a checkout, to say how graft does on it:
#   scripts/gpu_acceptance.sh cuda        (or wgpu)
# Verification, parity with the CPU, speed, and a full run of the seed recipe. All of it goes to
# one file, acceptance-BACKEND.txt, for a bug report; the exit code is 0 where every step went well.
# Needs Rust, Python 3 and the driver; the first build takes a quarter of an hour or more, the rest a
# few minutes.
#   scripts/swiftshader.sh scripts/gpu_acceptance.sh wgpu --software
# tries this script itself, on a device in software: fewer images, no speed, no full run.
set -uo pipefail
cd "$(dirname "$0")/.."

usage() {
    echo "usage: scripts/gpu_acceptance.sh cuda|wgpu [--software]" >&2
    exit 2
}

backend="${1:-}"
case "$backend" in
cuda | wgpu) ;;
*) usage ;;
esac
small=(--set data.limit=256 --set data.validation=32 --json)
software=()
case "${2:-}" in
"") ;;
--software)
    small=(--set data.limit=40 --set data.validation=8 --json)
    software=(--allow-software)
    ;;
*) usage ;;
esac
out="$PWD/acceptance-$backend.txt"
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT
mkdir -p models
ln -s "$PWD/models" "$home/models"
export GRAFT_HOME="$home"
gpu=(--backend "$backend" "${software[@]}")
failed=0

step() {
    printf '\n== %s\n' "$*"
    local started=$SECONDS
    "$@" || { local code=$?; failed=$((failed + 1)); echo "FAILED with exit code $code"; }
    echo "($((SECONDS - started)) s)"
}

# Runs a command, shows what it prints, and keeps that in a file.
keep() {
    "${@:2}" | tee "$1"
}

# A device need not compute in a precision, and says so; any other failure is one.
precision() {
    local said code=0
    said="$(cargo xtask train "${gpu[@]}" --set "backbone.precision=$1" "${small[@]}" 2>&1)" || code=$?
    printf '%s\n' "$said"
    [ "$code" = 0 ] || [[ "$said" == *"does not compute in $1"* ]]
}

all() {
    echo "graft $(git rev-parse HEAD 2>/dev/null), $(date -u +%Y-%m-%dT%H:%MZ), $(uname -srm)"
    lspci 2>/dev/null | grep -iE 'vga|3d|display' || true
    nvidia-smi 2>/dev/null || true
    step cargo xtask fetch
    step cargo xtask doctor --device "${gpu[@]}"
    # Parity: the same few digits on both.
    step cargo xtask train --backend cpu "${small[@]}"
    step keep "$home/cpu.json" cargo xtask eval --backend cpu --json
    step cargo xtask train "${gpu[@]}" "${small[@]}"
    step keep "$home/gpu.json" cargo xtask eval "${gpu[@]}" --json
    step precision f16
    step precision bf16
    step python3 scripts/parity.py "$home" "$home/cpu.json" "$home/gpu.json"
    if [ "${#software[@]}" = 0 ]; then
        step cargo xtask bench "${gpu[@]}" --batches 32,128,512,1024 --no-train
        step cargo xtask bench "${gpu[@]}" --sizes 32 --batches 512 --no-blocks --json
        step cargo xtask train "${gpu[@]}"
        step cargo xtask eval "${gpu[@]}"
    fi
    step cat "$home"/cache/devices/*.json
    step cat "$home"/runs/*/manifest.json
    echo
    echo "$failed steps failed"
}

all 2>&1 | tee "$out"
echo "written to $out; please attach it to a report"
grep -q '^0 steps failed$' "$out"
