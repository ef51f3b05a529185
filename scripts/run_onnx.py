#!/usr/bin/env python3
"""Runs an ONNX file of `graft export` on images from standard input.

    python3 scripts/run_onnx.py MODEL [onnxruntime|openvino] < IMAGES > PROBABILITIES

IMAGES are pixels, a byte each, as the file takes them; PROBABILITIES come out as little-endian f32, one
a class for every image. Needs numpy and the runtime, `pip install numpy onnxruntime` or
`pip install numpy openvino`; exits with 3 where one of them is missing. `graft export --check` runs it.
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


SESSIONS = {"onnxruntime": onnxruntime_session, "openvino": openvino_session}


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
