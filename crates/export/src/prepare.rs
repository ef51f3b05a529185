//! What [`Preprocessing`] does, in ONNX's operators: u8 images to the values that the network takes.

use graft_dataset::{CAFFE_MEAN_BGR, Preprocessing, ResizeMode, Scaling, bilinear_weights};
use onnx_protobuf::AttributeProto;
use onnx_protobuf::tensor_proto::DataType;

use crate::graph::Graph;
use crate::{IMAGES, Images};

/// Adds it behind the input, and gives the name of what it yields, `[N, 3, size, size]`.
pub(crate) fn add(graph: &mut Graph, images: Images, preprocessing: Preprocessing) -> &'static str {
    let to_float = AttributeProto::int("to", i32::from(DataType::Float).into());
    graph.node("Cast", &[IMAGES], "pixels", [to_float]);
    channels_first(graph, images, preprocessing.scaling);
    let mut square = match preprocessing.fit {
        ResizeMode::Pad => pad(graph, images, preprocessing.size),
        ResizeMode::Resize => resize(graph, images, preprocessing.size),
    };
    if !images.colour {
        // Broadcasting would do it, too, but OpenVINO's fusion with the convolution stumbles over it.
        let by_channel = [AttributeProto::int("axis", 1)];
        graph.node("Concat", &[square; 3], "repeated", by_channel);
        square = "repeated"; // [N, 3, size, size]
    }
    let (operator, values) = match preprocessing.scaling {
        Scaling::Unit => ("Div", [255.0; 3]),
        Scaling::Caffe => ("Sub", CAFFE_MEAN_BGR),
    };
    graph.floats("scaling", &[1, 3, 1, 1], &values);
    graph.node(operator, &[square, "scaling"], "scaled", []);
    "scaled"
}

/// N, H, W => N, 1, H, W; or N, H, W, 3 => N, 3, H, W in the order that the network takes.
fn channels_first(graph: &mut Graph, images: Images, scaling: Scaling) {
    if !images.colour {
        graph.ints("channel.axis", &[1]);
        graph.node("Unsqueeze", &["pixels", "channel.axis"], "channels", []);
        return;
    }
    let to_front = || [AttributeProto::ints("perm", &[0, 3, 1, 2])];
    match scaling {
        Scaling::Unit => graph.node("Transpose", &["pixels"], "channels", to_front()),
        Scaling::Caffe => {
            graph.node("Transpose", &["pixels"], "rgb", to_front());
            graph.ints("bgr.order", &[2, 1, 0]);
            let by_channel = [AttributeProto::int("axis", 1)];
            graph.node("Gather", &["rgb", "bgr.order"], "channels", by_channel);
        }
    }
}

/// Black around the image, the larger half of an odd number behind it.
fn pad(graph: &mut Graph, images: Images, size: usize) -> &'static str {
    let sides = [images.rows, images.columns].map(|side| {
        let black = size.saturating_sub(side);
        [black / 2, black - black / 2].map(|pixels| i64::try_from(pixels).unwrap_or(i64::MAX))
    });
    let [[top, bottom], [left, right]] = sides;
    graph.ints("padding", &[0, 0, top, left, 0, 0, bottom, right]);
    graph.node("Pad", &["channels", "padding"], "padded", []);
    "padded"
}

/// Bilinear, as two products with the very weights that training used: `Resize` means slightly
/// different things in different runtimes.
fn resize(graph: &mut Graph, images: Images, size: usize) -> &'static str {
    let (rows, columns) = (images.rows, images.columns);
    let across = bilinear_weights(columns, size); // [size, columns]
    let across: Vec<f32> = (0..columns * size)
        .map(|at| across[at % size * columns + at / size])
        .collect(); // [columns, size]
    graph.floats("resize.columns", &[columns, size], &across);
    graph.floats("resize.rows", &[size, rows], &bilinear_weights(rows, size));
    let widened = "resized.columns";
    graph.node("MatMul", &["channels", "resize.columns"], widened, []); // [N, channels, rows, size]
    graph.node("MatMul", &["resize.rows", widened], "resized", []); // [N, channels, size, size]
    "resized"
}
