#!/usr/bin/env python3
"""Holds the features that graft caches against ONNX Runtime's, for every block and engine.

Lets `graft extract` cache the features of the first training digits, opens what it has written, and
runs the same digits through the same blocks of the ONNX file in ONNX Runtime. Unlike the parity
test, which keeps to a small committed reference, this compares every value, and all that lies between
the digits and the cache: preprocessing, batches, the file's layout.

    python3 -m venv .venv && .venv/bin/pip install numpy onnx onnxruntime
    .venv/bin/python scripts/agreement.py target/release/graft

Reads models/ (`graft fetch` puts it there); the features lie in a temporary folder meanwhile. Prints
the largest difference as a part of the block's largest value, and exits with 1 where one is above
LIMIT.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from reference import ROOT, blocks_session, digits

LIMIT = 1e-4
BLOCKS = range(1, 6)
BATCH = 100  # images that ONNX Runtime gets at once


def expected_features(session, images):
    """ONNX Runtime's outputs of the five blocks, each [images, channels, height, width]."""
    name = session.get_inputs()[0].name
    starts = range(0, len(images), BATCH)
    batches = [session.run(None, {name: images[start : start + BATCH]}) for start in starts]
    return [np.concatenate(outputs) for outputs in zip(*batches)]


def extract(graft, home, engine, block, count):
    """The folder of the features that `graft extract` has cached."""
    command = [str(graft), "extract", "--offline", "--engine", engine]
    command += ["--set", f"data.limit={count}", "--set", f"backbone.boundary=block{block}"]
    environment = os.environ | {"GRAFT_HOME": str(home)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed with {run.returncode}:\n{run.stderr}")
    entries = list((home / "cache").glob("*/entry.json"))
    if len(entries) != 1:
        raise SystemExit(f"{' '.join(command)}: expected one entry, found {entries}:\n{run.stdout}")
    return entries[0].parent


def read_features(folder, engine):
    """The features [images, channels, height, width] in an entry's folder: the shards that its manifest
    lists, one after another. The manifest says which engine has computed them."""
    entry = json.loads((folder / "entry.json").read_bytes())
    made_by, dtype = entry["key"]["engine"], entry["key"]["dtype"]
    if made_by.split()[0] != engine:
        raise SystemExit(f"{folder}: expected features by {engine}, found {made_by}")
    if dtype != "f32":
        raise SystemExit(f"{folder}: expected f32, found {dtype}")
    names = [f"{number:06}-{sha256}" for number, sha256 in enumerate(entry["shards"])]
    data = b"".join((folder / name).read_bytes() for name in names)
    return np.frombuffer(data, "<f4").reshape([entry["key"]["count"], *entry["map"]])


def largest_difference(found, expected):
    """Largest difference as a part of the largest value; NaN where a value is not a number."""
    if found.shape != expected.shape:
        raise SystemExit(f"expected the shape {list(expected.shape)}, found {list(found.shape)}")
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graft", type=Path, help="the program, such as target/release/graft")
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--digits", type=int, default=1000)
    parser.add_argument("--engines", nargs="+", default=["winograd", "burn"])
    arguments = parser.parse_args()
    graft, models = arguments.graft.resolve(), arguments.models.resolve()

    images = digits(models / "mnist/train-images-idx3-ubyte", arguments.digits)
    expected = expected_features(blocks_session(models / "vgg16.onnx"), images)
    within = True
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "models").symlink_to(models)
        for engine in arguments.engines:
            for block in BLOCKS:
                path = extract(graft, home, engine, block, arguments.digits)
                off = largest_difference(read_features(path, engine), expected[block - 1])
                shutil.rmtree(path)
                # A NaN is not within either.
                within = within and off <= LIMIT
                print(f"{engine} block{block}: off by {off:.1e}, of {LIMIT:.0e} allowed", flush=True)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
