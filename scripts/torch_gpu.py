#!/usr/bin/env python3
"""Times VGG16 in PyTorch on a GPU, for scripts/gpu_acceptance.py: the forward pass, and steps of training.

    python3 scripts/torch_gpu.py forward|train [--size 32] [--batches 512] [--precision tf32|bf16|f32]
                                 [--compile] [--seconds 1]

Channels last, cuDNN free to choose its algorithms. `forward` is the convolutions of all blocks without
gradients; beside the rate of the pass alone it gives the one with the images' way to the GPU and the
features' way back, as Graft computes features. `train` is a step of Adam over block 5 and the head, on
maps after block 4, and one over all blocks and the head. Prints a JSON object for each measurement.
"""

import argparse
import json
import time

import torch
from torch import nn

BLOCKS = [(64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)]


def stages(first, last):
    """Blocks first to last, counted from 1."""
    given = 3 if first == 1 else BLOCKS[first - 2][-1]
    layers = []
    for block in BLOCKS[first - 1 : last]:
        for made in block:
            layers += [nn.Conv2d(given, made, 3, padding=1), nn.ReLU(inplace=True)]
            given = made
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def seconds_each(call, seconds):
    """Median of three rounds, each of as many calls as take a third of the time."""
    for _ in range(3):
        call()
    torch.cuda.synchronize()
    rounds = []
    for _ in range(3):
        started, calls = time.perf_counter(), 0
        while calls < 3 or time.perf_counter() - started < seconds / 3:
            for _ in range(3):
                call()
            calls += 3
            torch.cuda.synchronize()
        rounds.append((time.perf_counter() - started) / calls)
    return sorted(rounds)[1]


def placed(module, dtype):
    return module.cuda().to(dtype=dtype, memory_format=torch.channels_last)


def forward(arguments, dtype, batch):
    """The forward pass: seconds alone, and with both copies."""
    model = placed(stages(1, 5).eval().requires_grad_(False), dtype)
    run = torch.compile(model) if arguments.compile else model
    host = torch.rand(batch, 3, arguments.size, arguments.size).pin_memory()
    images = host.cuda().to(dtype=dtype, memory_format=torch.channels_last)

    def whole():
        sent = host.cuda(non_blocking=True).to(dtype=dtype, memory_format=torch.channels_last)
        run(sent).float().cpu()

    with torch.inference_mode():
        alone = seconds_each(lambda: run(images), arguments.seconds)
        both = seconds_each(whole, arguments.seconds)
    return {"compute_ms": 1e3 * alone, "images_per_second": batch / both, "compute_images_per_second": batch / alone}


def train(arguments, dtype, batch, first):
    """A step over the blocks from `first` on, and a head for ten classes; in bf16 by autocast."""
    edge = arguments.size // 32
    model = nn.Sequential(stages(first, 5), nn.Flatten(), nn.Linear(512 * edge * edge, 10))
    model = placed(model, torch.float32)
    run = torch.compile(model) if arguments.compile else model
    channels = 3 if first == 1 else BLOCKS[first - 2][-1]
    edge = arguments.size >> (first - 1)
    maps = torch.rand(batch, channels, edge, edge).cuda().contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (batch,)).cuda()
    adam = torch.optim.Adam(model.parameters(), 1e-5, fused=True)

    def step():
        with torch.autocast("cuda", dtype, enabled=dtype != torch.float32):
            loss = nn.functional.cross_entropy(run(maps), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()

    each = seconds_each(step, arguments.seconds)
    return {"step_ms": 1e3 * each, "images_per_second": batch / each, "first_trained_block": first}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["forward", "train"])
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--batches", default="512")
    parser.add_argument("--precision", choices=["f32", "tf32", "bf16"], default="tf32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arguments.precision == "tf32"
    torch.backends.cudnn.benchmark = True
    dtype = torch.bfloat16 if arguments.precision == "bf16" else torch.float32
    for batch in map(int, arguments.batches.split(",")):
        told = {"torch": torch.__version__, "size": arguments.size, "batch": batch}
        told |= {"precision": arguments.precision, "compiled": arguments.compile}
        if arguments.what == "forward":
            print(json.dumps(told | forward(arguments, dtype, batch)), flush=True)
        else:
            for first in (5, 1):
                print(json.dumps(told | train(arguments, dtype, batch, first)), flush=True)


if __name__ == "__main__":
    main()
