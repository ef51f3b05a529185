"""Times training steps of VGG16's blocks on the CPU in one other framework; bench_train.py runs it for each.

    .venv/bin/python scripts/peer_train.py pytorch --case case --first 1 --last 5 --size 32 --batch 64 --threads 2

A step is forward, backward and Adam on one batch. The loss is half the outputs' sum of squares over the
batch, so that nothing but the blocks is timed. Weights, biases and input maps come from the case, a file of
little-endian f32 that bench_train.py writes: layer by layer, the maps last. The first step's gradients and
the losses of all steps are written beside it, in the same order. Prints one JSON object.

`step_memory_bytes` is the process's resident peak less what it held before the weights were read: the
framework's code is not counted. `peak_memory_bytes` counts it.
"""

import argparse
import importlib
import itertools
import json
import time
from pathlib import Path

import numpy as np
from peer_engines import BLOCKS
from peer_forward import peak_memory, reset_peak

WIDTHS = (64, 128, 256, 512, 512)
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def layers(first, last):
    """Input channels, output channels and pool of every layer."""
    channels = 3 if first == 1 else WIDTHS[first - 2]
    for block in range(first, last + 1):
        for layer in range(BLOCKS[block - 1]):
            yield channels, WIDTHS[block - 1], layer + 1 == BLOCKS[block - 1]
            channels = WIDTHS[block - 1]


def sizes(first, last, size, batch):
    """The shapes in a case: of every layer's weights and bias, then of the maps."""
    shapes = []
    for given, made, _ in layers(first, last):
        shapes += [(made, given, 3, 3), (made,)]
    edge = size >> (first - 1)
    return [*shapes, (batch, shapes[0][1], edge, edge)]


def read(path, shapes):
    numbers = np.fromfile(path, "<f4")
    ends = list(itertools.accumulate(int(np.prod(shape)) for shape in shapes))
    if ends[-1] != len(numbers):
        raise SystemExit(f"{path}: {len(numbers)} numbers instead of {ends[-1]}")
    starts = [0, *ends[:-1]]
    return [
        numbers[a:b].reshape(shape).copy() for a, b, shape in zip(starts, ends, shapes, strict=True)
    ]


def pytorch_step(arguments, *arrays):
    """Eager, channels last, the fused Adam."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(arguments.threads)
    *weights, maps = map(torch.from_numpy, arrays)
    maps = maps.contiguous(memory_format=torch.channels_last)
    weights = [
        (tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor).requires_grad_()
        for tensor in weights
    ]
    pools = [pool for _, _, pool in layers(arguments.first, arguments.last)]
    adam = torch.optim.Adam(
        weights, arguments.learning_rate, betas=(BETA_1, BETA_2), eps=EPSILON, fused=True
    )

    def step(keep):
        features = maps
        for kernel, bias, pool in zip(weights[::2], weights[1::2], pools, strict=True):
            features = functional.conv2d(features, kernel, bias, padding=1).relu_()
            if pool:
                features = functional.max_pool2d(features, 2)
        loss = features.square().sum() / (2 * arguments.batch)
        adam.zero_grad()
        loss.backward()
        gradients = [tensor.grad.contiguous().numpy().copy() for tensor in weights] if keep else None
        adam.step()
        return loss.item(), gradients

    return step


def tensorflow_step(arguments, *arrays):
    """One traced function, NHWC, TensorFlow's own Adam kernel."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    *weights, maps = arrays
    maps = tf.constant(maps.transpose(0, 2, 3, 1))
    weights = [
        tf.Variable(array.transpose(2, 3, 1, 0) if array.ndim == 4 else array)  # OIHW => HWIO
        for array in weights
    ]
    moments = [[tf.Variable(tf.zeros_like(variable)) for variable in weights] for _ in range(2)]
    pools = [pool for _, _, pool in layers(arguments.first, arguments.last)]
    powers = [tf.Variable(BETA_1), tf.Variable(BETA_2)]

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            features = maps
            for kernel, bias, pool in zip(weights[::2], weights[1::2], pools, strict=True):
                features = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(features, kernel, 1, "SAME"), bias))
                if pool:
                    features = tf.nn.max_pool2d(features, 2, 2, "VALID")
            loss = tf.reduce_sum(tf.square(features)) / (2 * arguments.batch)
        gradients = tape.gradient(loss, weights)
        for variable, gradient, first, second in zip(weights, gradients, *moments, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=arguments.learning_rate,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient,
            )
        powers[0].assign(powers[0] * BETA_1)
        powers[1].assign(powers[1] * BETA_2)
        return loss, gradients

    def step(keep):
        loss, gradients = run()
        kept = None
        if keep:
            kept = [array.numpy() for array in gradients]
            kept = [array.transpose(3, 2, 0, 1) if array.ndim == 4 else array for array in kept]
        return float(loss), kept

    return step


# name: (package, step)
PEERS = {"pytorch": ("torch", pytorch_step), "tensorflow": ("tensorflow", tensorflow_step)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--case", type=Path, required=True)
    for option in ("first", "last", "size", "batch", "threads"):
        parser.add_argument(f"--{option}", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--steps", type=int, default=3, help="at least")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    arguments = parser.parse_args()

    package, build = PEERS[arguments.peer]
    try:
        version = importlib.import_module(package).__version__
    except ModuleNotFoundError as error:
        print(json.dumps({"error": f"no module {error.name}; pip install it to measure this peer"}))
        return
    reset_peak()
    before = peak_memory()
    shapes = sizes(arguments.first, arguments.last, arguments.size, arguments.batch)
    step = build(arguments, *read(arguments.case, shapes))
    loss, gradients = step(True)
    losses = [loss]
    np.concatenate([array.ravel() for array in gradients]).tofile(
        f"{arguments.case}.{arguments.peer}.gradients"
    )
    del gradients
    losses.append(step(False)[0])
    start, best = time.perf_counter(), float("inf")
    for runs in itertools.count(1):
        begun = time.perf_counter()
        losses.append(step(False)[0])
        now = time.perf_counter()
        best = min(best, now - begun)
        if now - start >= arguments.seconds and runs + 2 >= arguments.steps:
            break
    np.array(losses, "<f4").tofile(f"{arguments.case}.{arguments.peer}.losses")
    peak = peak_memory()
    report = {
        "version": version,
        "threads": arguments.threads,
        "images_per_second": runs * arguments.batch / (now - start),
        "at_best": arguments.batch / best,
        "peak_memory_bytes": peak,
        "step_memory_bytes": None if peak is None else peak - before,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
