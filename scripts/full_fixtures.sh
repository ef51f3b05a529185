#!/bin/sh
# Makes the ONNX files that the tests called full:: read, in FOLDER. It installs TensorFlow and
# PyTorch there (7 GB); what is there already is kept.
#   usage: scripts/full_fixtures.sh FOLDER
set -eu

[ $# -eq 1 ] || { sed -n '2,4s/^# *//p' "$0" >&2; exit 2; }
scripts=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"

if [ ! -e venv/installed ]; then
    python3 -m venv venv
    venv/bin/pip install --quiet tensorflow-cpu tf2onnx onnx onnxruntime onnxscript torch torchvision
    touch venv/installed
fi

# Writes under another name first, so that a file that is there is whole.
for exporter in keras torchvision; do
    if [ ! -e "$exporter.onnx" ]; then
        venv/bin/python "$scripts/export_$exporter.py" --weights none --seed 1 -o "$exporter.part.onnx"
        mv "$exporter.part.json" "$exporter.json"
        mv "$exporter.part.onnx" "$exporter.onnx"
    fi
done

# Other networks of the family, and what ONNX Runtime makes of images with them.
for network in vgg11_bn vgg19; do
    if [ ! -e "$network.safetensors" ]; then
        venv/bin/python "$scripts/export_torchvision.py" --network "$network" --weights none --seed 1 -o "$network.onnx"
        venv/bin/python "$scripts/reference.py" --onnx "$network.onnx" --into "$network.part.safetensors"
        mv "$network.part.safetensors" "$network.safetensors"
    fi
done

light=$(venv/bin/python -c 'import onnx, os; print(os.path.dirname(onnx.__file__))')/backend/test/data/light
cp "$light/light_resnet50.onnx" "$light/light_squeezenet.onnx" .
