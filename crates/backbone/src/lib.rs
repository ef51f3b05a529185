//! VGG16's five convolutional blocks, imported from ONNX, frozen.
