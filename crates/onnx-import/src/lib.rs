//! VGG16 from ONNX: checked, cut into five blocks, and turned into Rust.
