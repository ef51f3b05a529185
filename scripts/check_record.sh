#!/bin/sh
# Checks the record of a run from outside: every figure recomputed in Python, every event file opened
# with the real TensorBoard (installed into the target folder once, 180 MB).
# Without RUN it trains and evaluates one on a few images first, with the fetched assets.
#   usage: scripts/check_record.sh [RUN]
set -eu

[ $# -le 1 ] || { sed -n '2,5s/^# *//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${CARGO_TARGET_DIR:-$root/target}/tensorboard
if [ ! -e "$venv/installed" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet tensorboard
    touch "$venv/installed"
fi

if [ $# -eq 0 ]; then
    GRAFT_HOME=$(mktemp -d)
    export GRAFT_HOME
    trap 'rm -rf "$GRAFT_HOME"' EXIT
    graft() {
        cargo run --quiet --manifest-path "$root/Cargo.toml" --package xtask -- "$@" \
            --offline --from "$root/models"
    }
    graft train --set data.limit=512 --set data.validation=64 --set training.keep=best
    graft eval
    set -- "$GRAFT_HOME"/runs/*
fi

"$venv/bin/python" "$root/scripts/check_metrics.py" "$1"
"$venv/bin/python" "$root/scripts/check_events.py" "$1"
