"""The seed recipe as Keras users write it, timed: frozen VGG16, Flatten, Dense(10, softmax), Adam, batch 32.

    python3 -m venv .venv && .venv/bin/pip install numpy onnx tensorflow-cpu
    .venv/bin/python scripts/keras_recipe.py               # all 60,000 images
    .venv/bin/python scripts/keras_recipe.py --limit 2000  # a quick try

Two ways, each in a process of its own, on the same weights (models/vgg16.onnx) and digits (0..1, padded to
32x32, three channels):

    plain    one epoch of `fit` through the whole net; ten epochs cost ten times that, as every epoch
             runs the frozen base again
    by_hand  the features once with `predict`, then ten epochs of `fit` of the head alone

Prints one JSON object with seconds, accuracy on the test images, and the process's peak memory before
that last evaluation. `prepare_seconds` is the import, the data and the model; `total_seconds` is what a
user waits for ten epochs: prepare + 10 x fit, or prepare + predict + fit.
"""

import argparse
import json
import multiprocessing
import os
import resource
import struct
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
EPOCHS = 10
BATCH = 32
LEARNING_RATE = 0.001
PREDICT_BATCH = 256  # faster than Keras' default of 32; the features are the same


def read_idx(path, magic, limit):
    """The first `limit` items (0: all) of an IDX file of bytes, [items, ...]."""
    data = path.read_bytes()
    found, *shape = struct.unpack_from(f">{1 + (magic & 0xFF)}I", data)
    if found != magic:
        raise SystemExit(f"{path}: magic {found:#x} instead of {magic:#x}")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)[: limit or None]


def digits(folder, split, limit):
    """Images [items, 32, 32, 3] in 0..1 and labels [items]."""
    images = read_idx(folder / f"{split}-images-idx3-ubyte", 0x803, limit)
    labels = read_idx(folder / f"{split}-labels-idx1-ubyte", 0x801, limit)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32) / np.float32(255)
    return np.repeat(padded, 3, axis=3), labels


def frozen_base(path):
    """Keras' VGG16 without its classifier, with the ONNX file's weights."""
    import keras
    import onnx

    graph = onnx.load(path).graph
    tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    layers = [layer for layer in base.layers if isinstance(layer, keras.layers.Conv2D)]
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    for layer, node in zip(layers, nodes, strict=True):
        kernel, bias = (tensors[name] for name in node.input[1:3])
        layer.set_weights([kernel.transpose(2, 3, 1, 0), bias])  # OIHW => HWIO
    base.trainable = False
    return base


def classifier(*before):
    """`before`, Flatten and Dense(10), compiled."""
    import keras

    model = keras.Sequential([*before, keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def timed(action, *arguments, **options):
    """The action's result and its seconds."""
    start = time.perf_counter()
    return action(*arguments, **options), time.perf_counter() - start


def peak_memory():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # KiB, but bytes on macOS


def prepare(arguments):
    """The frozen base, the training images and their labels, in a process with its own TensorFlow."""
    import keras

    keras.utils.set_random_seed(arguments.seed)
    return frozen_base(arguments.onnx), *digits(arguments.mnist, "train", arguments.limit)


def plain(arguments):
    (base, images, labels), prepared = timed(prepare, arguments)
    model = classifier(base)
    _, fitted = timed(model.fit, images, labels, batch_size=BATCH, epochs=1, verbose=0)
    peak = peak_memory()
    _, accuracy = model.evaluate(*digits(arguments.mnist, "t10k", arguments.limit), verbose=0)
    return {
        "epochs": 1,
        "prepare_seconds": prepared,
        "fit_seconds": fitted,
        "total_seconds": prepared + EPOCHS * fitted,
        "test_accuracy": accuracy,
        "peak_memory_bytes": peak,
    }


def by_hand(arguments):
    (base, images, labels), prepared = timed(prepare, arguments)
    features, predicted = timed(base.predict, images, batch_size=PREDICT_BATCH, verbose=0)
    model = classifier()
    _, fitted = timed(model.fit, features, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    peak = peak_memory()
    images, labels = digits(arguments.mnist, "t10k", arguments.limit)
    features = base.predict(images, batch_size=PREDICT_BATCH, verbose=0)
    _, accuracy = model.evaluate(features, labels, verbose=0)
    return {
        "epochs": EPOCHS,
        "prepare_seconds": prepared,
        "predict_seconds": predicted,
        "fit_seconds": fitted,
        "total_seconds": prepared + predicted + fitted,
        "test_accuracy": accuracy,
        "peak_memory_bytes": peak,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=0, help="images of each file to use; 0 uses all")
    parser.add_argument("--seed", type=int, default=42, help="of the head's first weights and the order")
    parser.add_argument("--onnx", type=Path, default=ROOT / "models/vgg16.onnx")
    parser.add_argument("--mnist", type=Path, default=ROOT / "models/mnist", metavar="FOLDER")
    arguments = parser.parse_args()

    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    result = {"images": arguments.limit or 60_000, "batch": BATCH}
    for way in (plain, by_hand):
        # A new process each, whose memory and warmth are its own.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            result[way.__name__] = pool.apply(way, (arguments,))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
