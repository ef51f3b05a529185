"""Times VGG16's convolutional base on the CPU in one other framework; bench_peers.py runs it for each.

    .venv/bin/python scripts/peer_forward.py pytorch --size 32 --batch 64 --features features.npz

Prints one JSON object with the peer's version and its results, and keeps the features of the first
images of every size and block, so that peers can be compared. The base is fed the first digits of
MNIST: 0..1, zeros around them up to 32x32, bilinear to other sizes, grey three times, in the layout
that the peer likes best. The time holds the forward pass alone.

`gflops` counts the multiply-adds of the direct convolution as two operations, whatever the peer
really does. `peak_memory_bytes` is the process's resident peak while the peer is set up, warms up and
runs, the framework itself included (null where there is no Linux /proc). `cores_used` is CPU time
over wall time: well below the threads, somebody else had the machine, and the rate is too low.
"""

import argparse
import ctypes
import gc
import importlib.metadata
import itertools
import json
import os
import struct
import time
from pathlib import Path

import numpy as np
from peer_engines import BLOCKS, ENGINES

COMPARED = 8  # images whose features are kept
LARGEST = 2**21  # pixels a batch; above it a size keeps to its smallest batch, as memory goes by GiB


def digits(path, count, size):
    """The first training digits [count, 3, size, size] in 0..1."""
    magic, _, height, width = struct.unpack(">4I", path.open("rb").read(16))
    if (magic, height, width) != (0x803, 28, 28):
        raise SystemExit(f"{path}: not the MNIST images: magic {magic:#x}, {height}x{width}")
    pixels = np.fromfile(path, np.uint8, count * 28 * 28, offset=16).reshape(count, 28, 28)
    padded = np.pad(pixels.astype(np.float32) / np.float32(255), ((0, 0), (2, 2), (2, 2)))
    weights = bilinear(32, size)
    resized = np.clip(weights @ padded @ weights.T, 0, 1)[:, None]
    return np.ascontiguousarray(np.repeat(resized, 3, axis=1))


def bilinear(old, new):
    """The matrix [new, old] that resizes along one axis; pixels are sampled at their centres."""
    centres = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    distance = np.abs(centres[:, None] - np.arange(old)[None])
    return np.maximum(0, 1 - distance).astype(np.float32)


def operations(block, size):
    """Floating-point operations of one image from the first block to `block`."""
    channels, total = 3, 0
    for index, count in enumerate(BLOCKS[:block]):
        for _ in range(count):
            wide = min(64 << index, 512)
            total += 2 * 9 * channels * wide * (size >> index) ** 2
            channels = wide
    return total


def measure(forward, count, seconds):
    """Images per second after a warm-up of at least two runs, cores used, and the last features."""
    start = time.perf_counter()
    for runs in itertools.count(1):
        forward()
        if runs >= 2 and time.perf_counter() - start > seconds / 4:
            break
    start, busy = time.perf_counter(), time.process_time()
    for runs in itertools.count(1):
        features = forward()
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return runs * count / elapsed, (time.process_time() - busy) / elapsed, features


def reset_peak():
    """Starts the peak afresh, without what the case before left behind."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # glibc alone has it
        trim(0)
    if os.path.exists("/proc/self/clear_refs"):
        Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM back to VmRSS; see proc(5)


def peak_memory():
    if not os.path.exists("/proc/self/status"):
        return None
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def cases(arguments):
    """Size, batch and last block of every measurement."""
    for size in arguments.size:
        for batch in sorted(arguments.batch):
            if batch == min(arguments.batch) or batch * size * size <= LARGEST:
                for block in range(1 if arguments.blocks else 5, 6):
                    yield size, batch, block


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=ENGINES)
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs="+", required=True)
    parser.add_argument("--batch", type=int, nargs="+", required=True)
    parser.add_argument("--blocks", action="store_true")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--features", type=Path, required=True, metavar="NPZ")
    arguments = parser.parse_args()

    package, build = ENGINES[arguments.peer]
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        print(json.dumps({"error": f"no package {package}; pip install it to measure this peer"}))
        return
    results, kept = [], {}
    for size, batch, block in cases(arguments):
        images = digits(arguments.images, batch, size)
        reset_peak()
        forward = build(arguments, block, images)
        if forward is None:
            continue
        rate, cores, features = measure(forward, batch, arguments.seconds)
        results.append(
            {
                "size": size,
                "batch": batch,
                "block": block,
                "images_per_second": rate,
                "gflops": rate * operations(block, size) / 1e9,
                "peak_memory_bytes": peak_memory(),
                "cores_used": cores,
            }
        )
        kept.setdefault(f"{size}x{size} block {block}", features[:COMPARED].copy())
    np.savez(arguments.features, **kept)
    print(json.dumps({"version": version, "results": results}))


if __name__ == "__main__":
    main()
