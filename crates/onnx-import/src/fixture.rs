//! Models for tests, in the forms that exporters give them.

use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::tensor_shape_proto::dimension;
use onnx_protobuf::{
    AttributeProto, Bytes, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto,
};

use graft_network::{IMAGE_CHANNELS, Network};

/// As `PyTorch` exports it: images `[n, 3, h, w]`, weights as initialisers, stated defaults, a head.
/// Its tensors have shapes and no elements; see [`fill`].
pub(crate) fn vgg16() -> ModelProto {
    of(Network::VGG16)
}

/// A known network in the same form.
pub(crate) fn of(network: Network) -> ModelProto {
    chain(
        &network
            .stages()
            .map(|stage| stage.outputs)
            .collect::<Vec<_>>(),
    )
}

/// VGG11 with batch normalisation, as `PyTorch` exports it when it is told not to fold.
pub(crate) fn normalised() -> ModelProto {
    let mut model = of(Network::VGG11);
    let graph = model.graph.as_mut().unwrap();
    let convolutions = graph.node.iter().filter(|node| node.op_type == "Conv");
    let names: Vec<_> = convolutions.map(|node| node.output[0].clone()).collect();
    for conv in names {
        let at = graph
            .node
            .iter()
            .position(|node| node.output[0] == conv)
            .unwrap();
        let name = conv.strip_prefix("conv").unwrap();
        let weight = format!("w{name}");
        let first = graph
            .initializer
            .iter()
            .position(|one| one.name == weight)
            .unwrap();
        let channels = usize::try_from(graph.initializer[first].dims[0]).unwrap();
        let constants = ["scale", "shift", "mean", "variance"].map(|part| format!("{part}{name}"));
        for (place, constant) in (first + 2..).zip(&constants) {
            graph
                .initializer
                .insert(place, tensor(constant, &[channels]));
        }
        let [scale, shift, mean, variance] = &constants;
        let norm = format!("norm{name}");
        let mut normalisation = node(
            "BatchNormalization",
            &[&conv, scale, shift, mean, variance],
            &norm,
        );
        normalisation.attribute = vec![float("epsilon", 1e-3), float("momentum", 0.9)];
        graph.node[at + 1].input[0] = norm;
        graph.node.insert(at + 1, normalisation);
    }
    model
}

/// A network like VGG16 with other blocks.
pub(crate) fn chain(blocks: &[&[usize]]) -> ModelProto {
    let mut graph = GraphProto {
        input: vec![input(
            "images",
            &[any("n"), dimension::Value::DimValue(3), any("h"), any("w")],
        )],
        ..GraphProto::default()
    };
    let mut value = "images".to_owned();
    let mut channels = IMAGE_CHANNELS;
    let mut number = 0..;
    for block in blocks {
        for (out, index) in block.iter().zip(&mut number) {
            let (weight, bias) = (format!("w{index}"), format!("b{index}"));
            graph
                .initializer
                .push(tensor(&weight, &[*out, channels, 3, 3]));
            graph.initializer.push(tensor(&bias, &[*out]));
            let mut conv = node("Conv", &[&value, &weight, &bias], &format!("conv{index}"));
            conv.attribute = vec![
                ints("pads", &[1, 1, 1, 1]),
                string("auto_pad", "NOTSET"),
                ints("strides", &[1, 1]),
                ints("dilations", &[1, 1]),
                ints("kernel_shape", &[3, 3]),
                int("group", 1),
            ];
            let relu = node("Relu", &[&conv.output[0]], &format!("relu{index}"));
            value.clone_from(&relu.output[0]);
            graph.node.extend([conv, relu]);
            channels = *out;
        }
        let index = number.next().unwrap();
        let mut pool = node("MaxPool", &[&value], &format!("pool{index}"));
        pool.attribute = vec![
            ints("kernel_shape", &[2, 2]),
            ints("strides", &[2, 2]),
            ints("pads", &[0, 0, 0, 0]),
            int("ceil_mode", 0),
        ];
        value.clone_from(&pool.output[0]);
        graph.node.push(pool);
    }
    graph.initializer.push(tensor("dense", &[channels, 10]));
    graph.node.extend([
        // Two nodes read what the base yields, and one of them asks for its shape alone.
        node("Shape", &[&value], "shape"),
        node("GlobalAveragePool", &[&value], "average"),
        node("Flatten", &["average"], "flat"),
        node("Gemm", &["flat", "dense"], "logits"),
    ]);
    ModelProto {
        ir_version: 8,
        producer_name: "synthetic".into(),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 17,
        }],
        graph: Some(graph),
        ..ModelProto::default()
    }
}

/// As tf2onnx exports it: images `[n, h, w, 3]`, then a Transpose; padding by name; few defaults.
pub(crate) fn from_tensorflow() -> ModelProto {
    let mut model = vgg16();
    let graph = model.graph.as_mut().unwrap();
    for node in &mut graph.node {
        match node.op_type.as_str() {
            "Conv" => node.attribute = vec![string("auto_pad", "SAME_UPPER")],
            "MaxPool" => node.attribute.truncate(2),
            _ => {}
        }
    }
    graph.input = vec![input(
        "images",
        &[any("n"), any("h"), any("w"), dimension::Value::DimValue(3)],
    )];
    graph.node[0].input[0] = "transposed".into();
    let mut transpose = node("Transpose", &["images"], "transposed");
    transpose.attribute = vec![ints("perm", &[0, 3, 1, 2])];
    graph.node.insert(0, transpose);
    model
}

/// As old exporters write it: weights as Constant nodes behind an Identity, or as inputs that have
/// initialisers; an Identity between two blocks; the domain written out.
pub(crate) fn in_the_old_way() -> ModelProto {
    let mut model = vgg16();
    model.opset_import[0].version = 7;
    let graph = model.graph.as_mut().unwrap();
    let constants: Vec<TensorProto> = graph.initializer.drain(..10).collect();
    let listed = graph.initializer.iter().map(|one| input(&one.name, &[]));
    graph.input.splice(0..0, listed);
    let pool = graph
        .node
        .iter()
        .position(|one| one.op_type == "MaxPool")
        .unwrap();
    graph.node[pool + 1].input[0] = "same".into();
    graph.node[pool + 1].domain = "ai.onnx".into();
    let pooled = graph.node[pool].output[0].clone();
    graph
        .node
        .insert(pool + 1, node("Identity", &[&pooled], "same"));
    for tensor in constants {
        let (value, hidden) = (tensor.name.clone(), format!("{}.constant", tensor.name));
        let mut constant = node("Constant", &[], &hidden);
        constant.attribute = vec![self::constant("value", tensor)];
        graph.node.insert(0, node("Identity", &[&hidden], &value));
        graph.node.insert(0, constant);
    }
    model
}

/// Gives every tensor elements; no two tensors begin with the same.
pub(crate) fn fill(mut model: ModelProto) -> ModelProto {
    // Enough for the largest kernels: 512 x 512 x 3 x 3.
    let values = (0..u16::MAX)
        .cycle()
        .map(|index| f32::from(index) / 65_536.0);
    let bytes: Bytes = values.take(2_400_000).flat_map(f32::to_le_bytes).collect();
    let graph = model.graph.as_mut().unwrap();
    let constants = graph
        .node
        .iter_mut()
        .filter_map(|node| node.attribute.first_mut()?.t.as_mut());
    for (index, tensor) in graph.initializer.iter_mut().chain(constants).enumerate() {
        let elements: i64 = tensor.dims.iter().product();
        let start = 4 * index;
        let end = start + 4 * usize::try_from(elements).unwrap();
        tensor.raw_data = Some(bytes.slice(start..end));
    }
    model
}

/// A node that yields one value and has that value's name.
pub(crate) fn node(operator: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto::new(operator, inputs, output)
}

/// A tensor of floats with a shape and no elements.
pub(crate) fn tensor(name: &str, dims: &[usize]) -> TensorProto {
    TensorProto {
        raw_data: None,
        ..TensorProto::new(name, DataType::Float, dims, Bytes::new())
    }
}

/// An attribute that is an integer.
pub(crate) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto::int(name, value)
}

/// An attribute that is a number.
pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto::float(name, value)
}

/// An attribute that is a list of integers.
pub(crate) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto::ints(name, values)
}

/// An attribute that is a string.
pub(crate) fn string(name: &str, value: &'static str) -> AttributeProto {
    AttributeProto {
        s: Some(value.into()),
        ..of_kind(name, AttributeType::String)
    }
}

/// An attribute that is a tensor.
pub(crate) fn constant(name: &str, value: TensorProto) -> AttributeProto {
    AttributeProto {
        t: Some(value),
        ..of_kind(name, AttributeType::Tensor)
    }
}

fn of_kind(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: kind.into(),
        ..AttributeProto::default()
    }
}

/// An input of floats with these dimensions, by size or by name.
pub(crate) fn input(name: &str, dims: &[dimension::Value]) -> ValueInfoProto {
    ValueInfoProto::tensor(name, DataType::Float, dims.iter().cloned())
}

/// A dimension of any size.
fn any(name: &str) -> dimension::Value {
    dimension::Value::any(name)
}
