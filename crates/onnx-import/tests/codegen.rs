//! Our weights against those that `burn-import` writes itself, and in the committed modules.
#![expect(clippy::unwrap_used, reason = "tests say what they expect by failing")]

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Bytes, Device, Tensor};
use burn_store::{BurnpackStore, ModuleSnapshot, ModuleStore, SafetensorsStore};
use graft_onnx_import::{Vgg16, codegen, weights};
use safetensors::SafeTensors;
use tempfile::TempDir;

#[path = "../../backbone/src/generated/block1.rs"]
mod block1;
#[path = "../../backbone/src/generated/block2.rs"]
mod block2;
#[path = "../../backbone/src/generated/block3.rs"]
mod block3;
#[path = "../../backbone/src/generated/block4.rs"]
mod block4;
#[path = "../../backbone/src/generated/block5.rs"]
mod block5;

/// The real VGG16, cut: a folder of its block graphs and weights, and the graphs.
fn cut() -> (TempDir, weights::Manifest, [PathBuf; 5]) {
    let onnx = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/vgg16.onnx");
    let folder = tempfile::tempdir().unwrap();
    let vgg16 = Vgg16::read(&onnx).unwrap();
    let manifest = vgg16.write_weights(folder.path()).unwrap();
    let graphs = vgg16.write_graphs(folder.path()).unwrap();
    (folder, manifest, graphs)
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn weights_are_those_that_burn_import_writes() {
    let (folder, manifest, graphs) = cut();
    for (block, graph) in (1..).zip(&graphs) {
        let theirs = codegen::convert(graph, folder.path()).unwrap().weights;
        let mut theirs = BurnpackStore::from_file(theirs);
        let theirs = theirs.get_all_tensors().unwrap();
        let ours = weights::read_block(folder.path(), &manifest, block).unwrap();
        let ours = SafeTensors::deserialize(&ours).unwrap();
        assert_eq!(ours.len(), theirs.len(), "block {block}");
        for (name, tensor) in theirs {
            let our = ours.tensor(name).unwrap();
            assert_eq!(our.shape(), tensor.shape.as_slice(), "block {block} {name}");
            let their: Bytes = tensor.to_bytes().unwrap();
            assert!(our.data() == &their[..], "block {block} {name}");
        }
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn committed_modules_are_current_and_take_the_weights() {
    let (folder, manifest, graphs) = cut();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../backbone/src/generated");
    codegen::check(&graphs, &committed).unwrap();

    let device = Device::flex();
    let read = |block| weights::read_block(folder.path(), &manifest, block).unwrap();
    let maps = Tensor::ones([1, 3, 32, 32], &device);
    let maps = load(block1::Model::new(&device), read(1), 4).forward(maps);
    let maps = load(block2::Model::new(&device), read(2), 4).forward(maps);
    let maps = load(block3::Model::new(&device), read(3), 6).forward(maps);
    let maps = load(block4::Model::new(&device), read(4), 6).forward(maps);
    let maps = load(block5::Model::new(&device), read(5), 6).forward(maps);
    assert_eq!(maps.dims(), [1, 512, 1, 1]);
}

/// Loads a block's file of so many tensors, nothing missing and nothing left over.
fn load<M: Module>(mut model: M, bytes: Vec<u8>, tensors: usize) -> M {
    let mut store = SafetensorsStore::from_bytes(Some(bytes));
    let result = model.load_from(&mut store).unwrap();
    assert_eq!(result.unused, [""; 0]);
    assert_eq!(result.applied.len(), tensors);
    model
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn a_stale_module_is_named() {
    let (folder, _, graphs) = cut();
    let first = codegen::generate(&graphs[..1], folder.path())
        .unwrap()
        .remove(0);
    codegen::check(&graphs[..1], folder.path()).unwrap();
    let code = fs::read_to_string(&first).unwrap();
    fs::write(&first, code.replace("with_groups(1)", "with_groups(2)")).unwrap();
    let error = codegen::check(&graphs, folder.path())
        .unwrap_err()
        .to_string();
    assert!(error.contains("block1.rs differs"), "{error}");
}
