#!/usr/bin/env python3
"""Runs an ONNX file of `graft export` on images from standard input.

    python3 scripts/run_onnx.py MODEL [onnxruntime|openvino|float64] < IMAGES > PROBABILITIES

IMAGES are pixels, a byte each, as the file takes them; PROBABILITIES come out as little-endian f32, one
a class for every image. float64 computes each operator by its definition in 64-bit floats, minutes for 10,000
images: what the others, in 32 bits, come near to. Needs numpy and the runtime's package, onnxruntime, openvino,
or onnx for float64; exits with 3 where one of them is missing. `graft export --check` runs it.
"""

import sys

BATCH = 50  # images at once


def onnxruntime_session(path):
    """The shape of an image, and what computes probabilities."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = session.get_inputs()[0]
    return images.shape[1:], lambda batch: session.run(["probabilities"], {images.name: batch})[0]


def openvino_session(path):
    """The same by OpenVINO, in the precision of the file; its default may be lower."""
    import openvino

    model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    shape = [int(side.get_length()) for side in list(model.input(0).partial_shape)[1:]]
    return shape, lambda batch: model([batch])[model.output("probabilities")]


def float64_session(path):
    """The same in 64-bit floats, operator by operator, as `graft export` writes them."""
    import numpy
    import onnx

    def convolution(maps, weight, bias, **_):
        [count, _, height, width], kernels = maps.shape, len(weight)
        padded = numpy.pad(maps, [(0, 0), (0, 0), (1, 1), (1, 1)])
        windows = numpy.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
        columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(count * height * width, -1)
        maps = columns @ weight.reshape(kernels, -1).T + bias
        return maps.reshape(count, height, width, kernels).transpose(0, 3, 1, 2)

    def halved(maps, **_):
        [count, channels, height, width] = maps.shape
        squares = maps[:, :, : height // 2 * 2, : width // 2 * 2]
        return squares.reshape(count, channels, height // 2, 2, width // 2, 2).max((3, 5))

    def softmax(logits, **_):
        shares = numpy.exp(logits - logits.max(1, keepdims=True))
        return shares / shares.sum(1, keepdims=True)

    operators = {
        "Abs": numpy.abs,
        "Cast": lambda value, **_: value.astype(numpy.float64),
        "Concat": lambda *values, axis: numpy.concatenate(values, axis),
        "Conv": convolution,
        "Div": numpy.divide,
        "Flatten": lambda maps, **_: maps.reshape(len(maps), -1),
        "Gather": numpy.take,
        "Gemm": lambda rows, weight, bias: rows @ weight + bias,
        "MatMul": numpy.matmul,
        "Max": numpy.maximum,
        "MaxPool": halved,
        "Mul": numpy.multiply,
        "Pad": lambda maps, sides: numpy.pad(maps, sides.reshape(2, -1).T),
        "ReduceSum": lambda rows, axes: rows.sum(tuple(axes), keepdims=True),
        "Relu": lambda maps: numpy.maximum(maps, 0),
        "Sign": numpy.sign,
        "Softmax": softmax,
        "Sqrt": numpy.sqrt,
        "Sub": numpy.subtract,
        "Transpose": lambda maps, perm: maps.transpose(perm),
        "Unsqueeze": lambda maps, axes: numpy.expand_dims(maps, tuple(axes)),
    }
    graph = onnx.load(path).graph
    values = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    values = {name: one.astype(numpy.float64) if one.dtype.kind == "f" else one for name, one in values.items()}

    def compute(batch):
        values[graph.input[0].name] = batch
        for node in graph.node:
            given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
            values[node.output[0]] = operators[node.op_type](*[values[name] for name in node.input], **given)
        return values["probabilities"]

    sides = graph.input[0].type.tensor_type.shape.dim
    return [side.dim_value for side in sides][1:], compute


SESSIONS = {"onnxruntime": onnxruntime_session, "openvino": openvino_session, "float64": float64_session}


def main():
    path, runtime = [*sys.argv[1:], "onnxruntime"][:2]
    try:
        import numpy

        shape, compute = SESSIONS[runtime](path)
    except ImportError as error:
        print(error, file=sys.stderr)
        return 3
    size = int(numpy.prod(shape))
    while pixels := sys.stdin.buffer.read(BATCH * size):
        batch = numpy.frombuffer(pixels, numpy.uint8).reshape(-1, *shape)
        sys.stdout.buffer.write(compute(batch).astype("<f4").tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
