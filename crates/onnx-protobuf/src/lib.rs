//! ONNX files as typed messages: bounded reading, building, writing.
