//! `src/generated.rs` is what `onnx.proto` says. To write it anew after a change of that file:
//! `GRAFT_WRITE_GENERATED=1 cargo test -p onnx-protobuf --test generated`

use std::fs;
use std::path::Path;

#[test]
fn the_committed_code_is_fresh() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let descriptors = protox::compile([crate_folder.join("onnx.proto")], [crate_folder]).unwrap();
    let out = tempfile::tempdir().unwrap();
    prost_build::Config::new()
        // A weight is a slice of the file's bytes, not a copy of them.
        .bytes([".onnx.TensorProto.raw_data"])
        .out_dir(out.path())
        .compile_fds(descriptors)
        .unwrap();
    let fresh = fs::read_to_string(out.path().join("onnx.rs")).unwrap();

    let committed = crate_folder.join("src/generated.rs");
    if std::env::var_os("GRAFT_WRITE_GENERATED").is_some() {
        fs::write(&committed, &fresh).unwrap();
    }
    let found = fs::read_to_string(&committed)
        .unwrap()
        .replace("\r\n", "\n");
    assert!(
        fresh == found,
        "src/generated.rs differs from what onnx.proto generates; \
         run GRAFT_WRITE_GENERATED=1 cargo test -p onnx-protobuf --test generated"
    );
}
