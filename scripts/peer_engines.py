"""VGG16's convolutional base in six other frameworks, for peer_forward.py.

Each function takes the command line, the last block and images [batch, 3, size, size], and returns what
computes the features of all images, [batch, height, width, channels]. All compute in f32 and get the
same weights; whatever can be done once (packing, compiling) is done before the first call.
"""

import concurrent.futures
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

BLOCKS = (2, 2, 3, 3, 3)  # convolutions, each block closed by a 2x2 max pool


def convolutions(path):
    """The 13 convolutions' kernels [out, in, 3, 3] and biases [out], in order."""
    import onnx

    graph = onnx.load(path).graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    if len(nodes) != sum(BLOCKS):
        raise SystemExit(f"{path}: not VGG16: {len(nodes)} convolutions instead of {sum(BLOCKS)}")
    return [[onnx.numpy_helper.to_array(tensors[name]) for name in node.input[1:3]] for node in nodes]


def base(path, block, shape):
    """The file's own graph up to a pool, with fixed shapes, and the names of its input and output."""
    import onnx

    model = onnx.load(path)
    nodes = list(model.graph.node)
    first = next(i for i, node in enumerate(nodes) if node.op_type == "Conv")
    pools = [i for i, node in enumerate(nodes) if node.op_type == "MaxPool"]
    if len(pools) != len(BLOCKS):
        raise SystemExit(f"{path}: not VGG16: {len(pools)} max pools instead of {len(BLOCKS)}")
    nodes = nodes[first : pools[block - 1] + 1]
    used = {name for node in nodes for name in node.input}
    entry, end, value = nodes[0].input[0], nodes[-1].output[0], onnx.helper.make_tensor_value_info
    inputs = [value(entry, onnx.TensorProto.FLOAT, shape)]
    outputs = [value(end, onnx.TensorProto.FLOAT, None)]
    weights = [tensor for tensor in model.graph.initializer if tensor.name in used]
    model.graph.CopyFrom(onnx.helper.make_graph(nodes, "base", inputs, outputs, weights))
    return model.SerializeToString(), entry, end


def onnxruntime(arguments, block, images):
    """The file's own graph, with every optimisation."""
    import onnxruntime

    model, entry, _ = base(arguments.onnx, block, images.shape)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {entry: images})[0].transpose(0, 2, 3, 1)


def openvino(arguments, block, images, streams=1):
    """The file's own graph; the batch is cut into equal parts, one for each stream."""
    import openvino

    if len(images) % streams:
        return None
    parts = np.split(images, streams)
    model, _, _ = base(arguments.onnx, block, parts[0].shape)
    core = openvino.Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": arguments.threads,
        "NUM_STREAMS": streams,
    }
    compiled = core.compile_model(core.read_model(model, b""), "CPU", settings)
    requests = [compiled.create_infer_request() for _ in parts]

    def forward():
        for request, part in zip(requests, parts, strict=True):
            request.start_async([part], share_inputs=True)
        for request in requests:
            request.wait()
        features = [request.get_output_tensor().data for request in requests]
        return np.concatenate(features).transpose(0, 2, 3, 1)

    return forward


def openvino_streams(arguments, block, images):
    """With two streams; none for a single image, which cannot be cut."""
    return openvino(arguments, block, images, streams=2)


def mnn(arguments, block, images):
    """The file's own graph, converted by mnnconvert, in high precision, which is f32."""
    import MNN

    model, entry, end = base(arguments.onnx, block, images.shape)
    with tempfile.TemporaryDirectory() as folder:
        file, converted = Path(folder, "base.onnx"), str(Path(folder, "base.mnn"))
        file.write_bytes(model)
        convert = [Path(sys.executable).with_name("mnnconvert"), "-f", "ONNX", "--bizCode", "base"]
        convert += ["--modelFile", file, "--MNNModel", converted]
        subprocess.run(convert, check=True, stdout=subprocess.DEVNULL)
        module = MNN.nn.load_module_from_file(
            converted,
            [entry],
            [end],
            precision_mode=MNN.expr.PrecisionMode.High,
            thread_num=arguments.threads,
            shape_mutable=False,
        )
    value = MNN.expr.const(images, images.shape, MNN.expr.NCHW)
    return lambda: MNN.expr.convert(module.forward(value), MNN.expr.NCHW).read().transpose(0, 2, 3, 1)


def ncnn(arguments, block, images):
    """The same layers written in its own format, in f32, one image a thread."""
    import ncnn

    layers, channels = iter(convolutions(arguments.onnx)), 3
    lines, weights, blob = ["Input input 0 1 0"], [], 0
    for index, count in enumerate(BLOCKS[:block]):
        for at, (kernel, bias) in enumerate(itertools.islice(layers, count)):
            wide, size = len(bias), kernel.size
            options = f"0={wide} 1=3 4=1 5=1 6={size} 9=1"  # outputs, kernel, padding, bias, weights, ReLU
            lines.append(f"Convolution conv{index}_{at} 1 1 {blob} {blob + 1} {options}")
            weights += [bytes(4), kernel.tobytes(), bias.tobytes()]  # four zeros: f32 follows
            blob += 1
        lines.append(f"Pooling pool{index} 1 1 {blob} {blob + 1} 0=0 1=2 2=2 5=1")
        blob += 1
    text = "\n".join(["7767517", f"{len(lines)} {blob + 1}", *lines, ""])
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_bf16_storage = net.opt.use_fp16_storage = net.opt.use_fp16_packed = False
    net.opt.use_fp16_arithmetic = net.opt.use_vulkan_compute = False
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "base.param").write_text(text)
        Path(folder, "base.bin").write_bytes(b"".join(weights))
        if net.load_param(f"{folder}/base.param") or net.load_model(f"{folder}/base.bin"):
            raise SystemExit("ncnn cannot read the layers that were written for it")
    pool = concurrent.futures.ThreadPoolExecutor(arguments.threads)

    def one(image):
        extractor = net.create_extractor()
        extractor.input("0", ncnn.Mat(image))
        return np.array(extractor.extract(str(blob))[1])

    return lambda: np.stack(list(pool.map(one, images))).transpose(0, 2, 3, 1)


def pytorch(arguments, block, images):
    """Eager, channels last, without gradients."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(arguments.threads)
    images = torch.from_numpy(images).to(memory_format=torch.channels_last)
    layers = iter(convolutions(arguments.onnx))
    blocks = [list(itertools.islice(layers, count)) for count in BLOCKS[:block]]
    weights = [[[torch.tensor(array) for array in layer] for layer in block] for block in blocks]
    for kernel, _ in itertools.chain(*weights):
        kernel.data = kernel.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def forward():
        features = images
        for layers in weights:
            for kernel, bias in layers:
                features = functional.conv2d(features, kernel, bias, padding=1).relu_()
            features = functional.max_pool2d(features, 2)
        return features.permute(0, 2, 3, 1).numpy()

    return forward


def tensorflow(arguments, block, images):
    """One traced function, NHWC, with constant weights, so that TensorFlow may fuse and pack them."""
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() != arguments.threads:
        tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
        tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    images = tf.constant(images.transpose(0, 2, 3, 1))
    layers = convolutions(arguments.onnx)

    @tf.function
    def base(features):
        rest = iter(layers)
        for count in BLOCKS[:block]:
            for kernel, bias in itertools.islice(rest, count):
                kernel = tf.constant(kernel.transpose(2, 3, 1, 0))  # OIHW => HWIO
                features = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(features, kernel, 1, "SAME"), bias))
            features = tf.nn.max_pool2d(features, 2, 2, "VALID")
        return features

    return lambda: base(images).numpy()


# name: (package on PyPI, engine)
ENGINES = {
    "onnxruntime": ("onnxruntime", onnxruntime),
    "openvino": ("openvino", openvino),
    "openvino-2-streams": ("openvino", openvino_streams),
    "mnn": ("MNN", mnn),
    "ncnn": ("ncnn", ncnn),
    "pytorch": ("torch", pytorch),
    "tensorflow": ("tensorflow-cpu", tensorflow),
}
