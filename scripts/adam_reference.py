#!/usr/bin/env python3
"""Reference numbers for the head's training test, from Keras.

Trains Keras' Dense(2) with softmax cross-entropy and Adam on four small examples for five steps and
prints kernel, bias and loss, which the test in crates/head/src/loss.rs compares.

    python3 -m venv .venv && .venv/bin/pip install tensorflow-cpu
    .venv/bin/python scripts/adam_reference.py
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

FEATURES = np.array([[1.0, -2.0, 0.5], [0.0, 1.5, -1.0], [2.0, 0.25, 1.0], [-1.0, 1.0, 3.0]], np.float32)
LABELS = np.array([0, 1, 1, 0])
KERNEL = np.array([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]], np.float32)  # [features, classes]
BIAS = np.zeros(2, np.float32)

layer = keras.layers.Dense(2)
model = keras.Sequential([keras.Input((3,)), layer])
layer.set_weights([KERNEL, BIAS])
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.05, epsilon=1e-7),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
for _ in range(5):
    model.train_on_batch(FEATURES, LABELS)
kernel, bias = layer.get_weights()
print("kernel:", [f"{value:.7f}" for value in kernel.flatten()])
print("bias:  ", [f"{value:.7f}" for value in bias])
print("loss:  ", f"{float(model.loss(LABELS, model(FEATURES))):.7f}")
