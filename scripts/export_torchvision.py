"""Exports a VGG of torchvision's, classifier and all, to ONNX.

    pip install torch torchvision onnx onnxscript
    python scripts/export_torchvision.py -o vgg16.onnx                 # ImageNet weights (downloads)
    python scripts/export_torchvision.py --weights none -o vgg16.onnx  # random ones, by --seed
    python scripts/export_torchvision.py --weights vgg16.pth -o vgg16.onnx
    python scripts/export_torchvision.py --network vgg11_bn -o vgg11_bn.onnx

A `.pth` file holds the state dict that torchvision publishes. Beside FILE goes FILE.json (for
vgg16.onnx: vgg16.json) with the start of the first and of the last convolution's weights, by
which a reader of FILE can be checked; batch normalisations stay nodes of their own, and the start is that
of the convolution alone. torchvision's weights expect RGB scaled to 0..1, less
(0.485, 0.456, 0.406), divided by (0.229, 0.224, 0.225).
"""

import argparse
import json
from pathlib import Path

import torch
import torchvision


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="vgg16", help="vgg11, vgg13, vgg16 or vgg19, or with _bn")
    parser.add_argument("--weights", default="imagenet", help="none, imagenet, or a .pth file")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    args = parser.parse_args()

    model = load(args.network, args.weights, args.seed).eval()
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, 224, 224),),  # N, C, H, W
        str(args.output),
        input_names=["images"],
        output_names=["logits"],
        dynamic_shapes={"x": {0: torch.export.Dim("n")}},
        external_data=False,  # one file, or the importer refuses it
        dynamo=True,
        optimize=False,  # which would fold the normalisations
    )
    convolutions = [layer for layer in model.features if isinstance(layer, torch.nn.Conv2d)]
    start = {"first": start_of(convolutions[0]), "last": start_of(convolutions[-1])}
    args.output.with_suffix(".json").write_text(json.dumps(start, indent=1) + "\n")


def load(network, weights, seed):
    make = getattr(torchvision.models, network)
    if weights == "imagenet":
        return make(weights="IMAGENET1K_V1")
    torch.manual_seed(seed)
    model = make(weights=None)
    if weights == "none":
        for layer in model.features:
            if isinstance(layer, torch.nn.Conv2d):
                # Its biases would all be zero, and a zero proves little.
                torch.nn.init.normal_(layer.bias, std=0.1)
            elif isinstance(layer, torch.nn.BatchNorm2d):
                # It would do nothing.
                for values in (layer.weight, layer.running_var):
                    torch.nn.init.uniform_(values, 0.5, 2.0)
                for values in (layer.bias, layer.running_mean):
                    torch.nn.init.normal_(values, std=0.1)
    else:
        model.load_state_dict(torch.load(weights, weights_only=True))
    return model


def start_of(convolution):
    return {
        "kernel": convolution.weight.detach().flatten()[:9].tolist(),  # [out, in, 3, 3]
        "bias": convolution.bias.detach()[:4].tolist(),
    }


if __name__ == "__main__":
    main()
