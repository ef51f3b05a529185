"""Exports Keras' VGG16, without its classifier, to ONNX.

    pip install tensorflow-cpu tf2onnx onnx
    python scripts/export_keras.py -o vgg16.onnx                 # ImageNet weights (downloads)
    python scripts/export_keras.py --weights none -o vgg16.onnx  # random ones, by --seed
    python scripts/export_keras.py --weights vgg16.h5 -o vgg16.onnx

An `.h5` file holds the weights that Keras publishes with include_top=False. Beside FILE goes
FILE.json (for vgg16.onnx: vgg16.json) with the start of the first and of the last convolution's
weights in ONNX's layout, by which a reader of FILE can be checked. Keras' weights expect BGR in
0..255, less (103.939, 116.779, 123.68).
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import tensorflow as tf
import tf2onnx

OPSET = 13


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="imagenet", help="none, imagenet, or an .h5 file")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    args = parser.parse_args()

    model = load(args.weights, args.seed)
    signature = [tf.TensorSpec([None, None, None, 3], tf.float32, name="images")]  # N, H, W, C
    tf2onnx.convert.from_function(
        tf.function(lambda images: model(images, training=False)),
        input_signature=signature,
        opset=OPSET,
        output_path=str(args.output),
    )
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    start = {"first": start_of(convolutions[0]), "last": start_of(convolutions[-1])}
    args.output.with_suffix(".json").write_text(json.dumps(start, indent=1) + "\n")


def load(weights, seed):
    keras.utils.set_random_seed(seed)
    model = keras.applications.VGG16(
        weights=None if weights == "none" else weights,
        include_top=False,
        input_shape=(None, None, 3),
    )
    if weights == "none":
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                # Its biases would all be zero, and a zero proves little.
                layer.bias.assign(keras.random.normal(layer.bias.shape, stddev=0.1))
    return model


def start_of(convolution):
    kernel, bias = (weights.numpy() for weights in (convolution.kernel, convolution.bias))
    kernel = kernel.transpose(3, 2, 0, 1)  # H, W, in, out => out, in, H, W
    return {"kernel": kernel.flatten()[:9].tolist(), "bias": bias[:4].tolist()}


if __name__ == "__main__":
    main()
