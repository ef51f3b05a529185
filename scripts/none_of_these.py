#!/usr/bin/env python3
"""Measures how well a run tells pictures of its classes from others, by similarity to the mean features of a class.

    graft export RUN --features
    python3 scripts/none_of_these.py RUN IMAGES OTHERS [COUNT of each, 10000]

IMAGES and OTHERS are IDX files of images as the run takes them, .gz or not: such as MNIST's test images and those of
Fashion-MNIST. Prints the share of each that is doubted, and the area under the ROC curve. The threshold is the run's
own, from its validation images. Needs numpy and onnxruntime.
"""

import gzip
import json
import pathlib
import sys

import numpy
import onnxruntime

BATCH = 50


def images(path, count):
    """Images `[count, rows, columns]` of an IDX file."""
    content = pathlib.Path(path).read_bytes()
    content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    sides = numpy.frombuffer(content, ">u4", content[3], 4)
    return numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * content[3]).reshape(sides)[:count]


def tensors(path):
    """The tensors of a safetensors file."""
    content = pathlib.Path(path).read_bytes()
    length = int.from_bytes(content[:8], "little")
    described = json.loads(content[8 : 8 + length])
    part = lambda one: content[8 + length :][slice(*one["data_offsets"])]
    return {
        name: numpy.frombuffer(part(one), "<f4").reshape(one["shape"])
        for name, one in described.items()
        if name != "__metadata__"
    }


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    run, *files = map(pathlib.Path, sys.argv[1:4])
    count = int(sys.argv[4]) if len(sys.argv) == 5 else 10_000
    kept = tensors(run / "class-means.safetensors")
    means = kept["class_means"] / numpy.maximum(numpy.linalg.norm(kept["class_means"], axis=1, keepdims=True), 1e-12)
    [threshold] = kept["class_means.threshold"]
    session = onnxruntime.InferenceSession(str(run / "model.onnx"), providers=["CPUExecutionProvider"])

    def similarities(batch):
        [features] = session.run(["features"], {"images": batch})
        return (features @ means.T).max(1) / numpy.maximum(numpy.linalg.norm(features, axis=1), 1e-12)

    ours, others = [
        numpy.concatenate([similarities(all_[at : at + BATCH]) for at in range(0, len(all_), BATCH)])
        for all_ in (images(path, count) for path in files)
    ]
    print(f"threshold {threshold:.4f}")
    for path, found in zip(files, (ours, others)):
        print(f"{path.name}: {(found < threshold).mean():.2%} of {len(found)} doubted, mean similarity {found.mean():.3f}")
    # The share of pairs in which ours is the more similar; ties count half.
    below = numpy.searchsorted(numpy.sort(others), ours, "left") + numpy.searchsorted(numpy.sort(others), ours, "right")
    print(f"AUROC {below.mean() / 2 / len(others):.4f}")


if __name__ == "__main__":
    main()
