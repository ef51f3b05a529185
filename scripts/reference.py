#!/usr/bin/env python3
"""Reference numbers for the backbone's parity test, from ONNX Runtime.

Runs the convolutional base of a VGG in an ONNX file on real digits and on random images, and keeps a
strided sample and a summary of every block's output: small enough to commit, and enough to notice a
wrong weight, a wrong layout or a wrong pixel.

    python3 -m venv .venv && .venv/bin/pip install numpy onnx onnxruntime
    .venv/bin/python scripts/reference.py

Reads models/vgg16.onnx and models/mnist/train-images-idx3-ubyte (`cargo xtask fetch` puts them there)
and writes crates/backbone/tests/reference/blocks.safetensors. Run it again when the pinned weights
change. The test is crates/backbone/tests/parity.rs; scripts/full_fixtures.sh makes the same of other
networks of the family.

For each set of images (`digits` and `randomHEIGHTxWIDTH`, see SIZES) and each block N the file holds

    SET.blockN.sample   f32 [images, n]: every stride-th value of the output, flattened from
                        [channels, height, width], with stride = (values // 256) | 1, which is odd,
                        so that the sample does not keep to one column
    SET.blockN.summary  f64 [images, 3]: largest value, sum, sum of squares of the whole output
"""

import argparse
import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

ROOT = Path(__file__).resolve().parent.parent
DIGITS = 4  # the first ones of the training set
SAMPLE = 256  # values to keep of each output, about
# Height and width of the random images. Of 33x47, every pool but the last drops a row or a column; of
# 40x32, taller than wide, only the fourth does.
SIZES = ((32, 32), (48, 48), (64, 64), (33, 47), (40, 32))


def digits(path, count):
    """The first digits of a file, 28x28, zero-padded to 32x32, 0..1, one channel repeated three times:
    [count, 3, 32, 32]."""
    data = path.read_bytes()
    magic, _, height, width = struct.unpack(">4I", data[:16])
    if (magic, height, width) != (0x803, 28, 28):
        raise SystemExit(f"{path}: not the MNIST images: magic {magic:#x}, {height}x{width}")
    pixels = np.frombuffer(data, np.uint8, count * height * width, offset=16)
    pixels = pixels.reshape(count, 1, height, width).astype(np.float32) / np.float32(255)
    padded = np.pad(pixels, ((0, 0), (0, 0), (2, 2), (2, 2)))
    return np.repeat(padded, 3, axis=1)


def random_image(height, width):
    """One image [1, 3, height, width] in 0..1, the same on every machine and in every language.

    A linear congruential generator modulo 2^32 (a = 1664525, c = 1013904223, from Numerical Recipes),
    seeded with 1000 * height + width; a value is the state's upper 24 bits over 2^24, which f32 holds
    exactly.
    """
    state, values = 1000 * height + width, []
    for _ in range(3 * height * width):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((state >> 8) / 2**24)
    return np.array(values, np.float32).reshape(1, 3, height, width)


def blocks_session(path):
    """A session from [batch, 3, height, width] to the outputs of the five pools."""
    model = onnx.load(path)
    nodes = list(model.graph.node)
    first = next(i for i, node in enumerate(nodes) if node.op_type == "Conv")
    pools = [i for i, node in enumerate(nodes) if node.op_type == "MaxPool"]
    if len(pools) != 5:
        raise SystemExit(f"{path}: no VGG: {len(pools)} max pools instead of 5")
    # What comes before the first convolution (a transpose) and after the last pool (the head) goes.
    base = nodes[first : pools[-1] + 1]
    used = {name for node in base for name in node.input}
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        base,
        "base",
        [value(nodes[first].input[0], onnx.TensorProto.FLOAT, ["batch", 3, "height", "width"])],
        [value(nodes[i].output[0], onnx.TensorProto.FLOAT, None) for i in pools],
        [tensor for tensor in model.graph.initializer if tensor.name in used],
    )
    model.graph.CopyFrom(graph)
    options = onnxruntime.SessionOptions()
    # Graph rewrites may reorder sums; the reference is the plain graph.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def summarise(output):
    """The sample and the summary of one block's output [images, channels, height, width]."""
    flat = output.reshape(len(output), -1)
    stride = (flat.shape[1] // SAMPLE) | 1
    wide = flat.astype(np.float64)
    summary = np.stack([wide.max(1), wide.sum(1), np.square(wide).sum(1)], axis=1)
    return np.ascontiguousarray(flat[:, ::stride]), summary


def write_safetensors(path, tensors, metadata):
    """Writes arrays in the safetensors layout: header length, JSON header, data."""
    header, position = {"__metadata__": metadata}, 0
    for name, array in tensors.items():
        kind = {"float32": "F32", "float64": "F64"}[array.dtype.name]
        span = [position, position + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": span}
        position += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(array.tobytes() for array in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--onnx", type=Path, default=ROOT / "models/vgg16.onnx")
    parser.add_argument("--images", type=Path, default=ROOT / "models/mnist/train-images-idx3-ubyte")
    parser.add_argument(
        "--into", type=Path, default=ROOT / "crates/backbone/tests/reference/blocks.safetensors"
    )
    arguments = parser.parse_args()

    session = blocks_session(arguments.onnx)
    sets = {"digits": digits(arguments.images, DIGITS)}
    sets |= {f"random{height}x{width}": random_image(height, width) for height, width in SIZES}
    samples, summaries = {}, {}
    for name, images in sets.items():
        outputs = session.run(None, {session.get_inputs()[0].name: images})
        for block, output in enumerate(outputs, start=1):
            sample, summary = summarise(output)
            samples[f"{name}.block{block}.sample"] = sample
            summaries[f"{name}.block{block}.summary"] = summary
            print(f"{name} block {block}: {list(output.shape)}, largest {summary[:, 0].max():.4f}")
    metadata = {
        "onnx_sha256": hashlib.sha256(arguments.onnx.read_bytes()).hexdigest(),
        "onnxruntime": onnxruntime.__version__,
    }
    # f64 comes first, so that every tensor in the file is aligned.
    write_safetensors(arguments.into, summaries | samples, metadata)
    print(f"wrote {arguments.into}, {arguments.into.stat().st_size} bytes")


if __name__ == "__main__":
    main()
