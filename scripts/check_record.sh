#!/bin/sh
# Checks runs from outside: every figure recomputed in Python, every event file opened with the real
# TensorBoard, the exported file by ONNX's checker and against what predict and eval make of the test
# images in ONNX Runtime and OpenVINO (all installed into the target folder once, 500 MB).
# Without RUN it trains and evaluates some on a few images first, with the fetched assets.
#   usage: scripts/check_record.sh [RUN]
set -eu

[ $# -le 1 ] || { sed -n '2,6s/^# *//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${CARGO_TARGET_DIR:-$root/target}/tensorboard
packages="tensorboard numpy onnx onnxruntime openvino pillow"
if [ "$(cat "$venv/installed" 2>&1)" != "$packages" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet $packages
    echo "$packages" >"$venv/installed"
fi
graft() {
    cargo run --quiet --manifest-path "$root/Cargo.toml" --package xtask -- "$@" \
        --offline --from "$root/models"
}

if [ $# -eq 0 ]; then
    GRAFT_HOME=$(mktemp -d)
    export GRAFT_HOME
    trap 'rm -rf "$GRAFT_HOME"' EXIT
    run() {
        graft train --set data.limit=512 --set data.validation=64 "$@"
        graft eval
    }
    run --set training.keep=best
    run --set head.normalise=standardise --set backbone.boundary=block3 \
        --set preprocessing.fit=resize --set preprocessing.size=48 --set preprocessing.scaling=caffe
    run --set backbone.unfreeze=block5 --set training.epochs=1 --set training.learning_rate=0.0001
    run --recipe best
    run --set backbone.boundary=block3 --set backbone.unfreeze=block2 --set training.epochs=1
    "$venv/bin/python" "$root/scripts/shapes_as_pictures.py" "$GRAFT_HOME/shapes" 60 64
    run --set data.source="$GRAFT_HOME/shapes" --set backbone.boundary=block3 \
        --set preprocessing.fit=resize --set preprocessing.size=64
    set -- "$GRAFT_HOME"/runs/*
fi

for run in "$@"; do
    "$venv/bin/python" "$root/scripts/check_metrics.py" "$run"
    "$venv/bin/python" "$root/scripts/check_events.py" "$run"
    [ -e "$run/evaluation.json" ] || continue
    for runtime in onnxruntime openvino; do
        graft export "$run" --check --runtime "$runtime" --python "$venv/bin/python"
    done
    "$venv/bin/python" -c 'import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True)' \
        "$run/model.onnx"
done
