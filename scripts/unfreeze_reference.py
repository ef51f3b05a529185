#!/usr/bin/env python3
"""Reference numbers for a training behind the cut, from PyTorch.

Two small stages of convolutions and a standardising linear head learn from six maps. Writes what they
start with, the gradients of the first step and the weights after three steps of Adam, which the test in
crates/trainer/src/training/tests/pytorch.rs compares.

    python3 -m venv .venv && .venv/bin/pip install torch safetensors numpy
    .venv/bin/python scripts/unfreeze_reference.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

FOLDER = Path(__file__).parent.parent / "crates/trainer/src/training/tests/reference"
STAGES = {"block2": [(4, 3), (3, 6)], "block3": [(6, 5)]}  # (in, out) of each convolution
CLASSES = 3
SIDE = 8  # of the maps at the cut
LEARNING_RATE, BETAS, EPSILON = 0.01, (0.9, 0.999), 1e-7

torch.manual_seed(1)
torch.set_default_dtype(torch.float32)


def uniform(*shape):
    """Values between -0.5 and 0.5."""
    return torch.rand(shape) - 0.5


weights = {
    f"{stage}/conv2d{number}.{part}": uniform(outputs, inputs, 3, 3) if part == "weight" else uniform(outputs)
    for stage, convolutions in STAGES.items()
    for number, (inputs, outputs) in enumerate(convolutions, 1)
    for part in ("weight", "bias")
}
features = 5 * (SIDE // 4) ** 2
weights["head/linear.weight"] = uniform(features, CLASSES)  # [features, classes]
weights["head/linear.bias"] = uniform(CLASSES)
mean, deviation = uniform(features), 0.5 + torch.rand(features)
maps = uniform(6, 4, SIDE, SIDE) * 2
labels = torch.tensor([0, 1, 2, 2, 1, 0])


def forward(maps):
    """Logits [batch, classes] of maps [batch, channels, height, width]."""
    for stage, convolutions in STAGES.items():
        for number in range(1, len(convolutions) + 1):
            name = f"{stage}/conv2d{number}"
            maps = torch.relu(torch.conv2d(maps, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1))
        maps = torch.max_pool2d(maps, 2)
    rows = (maps.flatten(1) - mean) / deviation
    return rows @ weights["head/linear.weight"] + weights["head/linear.bias"]


def save(name, tensors):
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_file({key: value.detach().clone().contiguous() for key, value in tensors.items()}, FOLDER / name)


for part in ("block2", "block3", "head"):
    mine = {key.split("/")[1]: value for key, value in weights.items() if key.startswith(part)}
    if part == "head":
        mine |= {"standardise.mean": mean, "standardise.deviation": deviation}
    save(f"{part}.safetensors", mine)

for value in weights.values():
    value.requires_grad_()
optimiser = torch.optim.Adam(weights.values(), LEARNING_RATE, BETAS, EPSILON)
expected = {"maps": maps, "labels": labels.to(torch.uint8)}
for step in range(3):
    optimiser.zero_grad()
    loss = torch.nn.functional.cross_entropy(forward(maps), labels)
    loss.backward()
    expected[f"loss{step + 1}"] = loss.reshape(1)
    if step == 0:
        expected |= {f"gradient/{key}": value.grad for key, value in weights.items()}
    optimiser.step()
expected |= {f"after/{key}": value for key, value in weights.items()}
save("pytorch.safetensors", expected)
