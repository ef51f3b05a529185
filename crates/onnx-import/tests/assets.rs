//! The VGG16 that Graft fetches.

use std::path::Path;

use graft_onnx_import::Imported;

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn the_fetched_file_is_vgg16_with_imagenet_weights() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let vgg16 = Imported::read(&models.join("vgg16.onnx")).unwrap();
    assert_eq!(vgg16.parameters(), 14_714_688);
    assert_eq!(vgg16.source.producer, "tf2onnx");
    // As Keras publishes them, to eight digits: the first weight, and the first biases.
    let first = &vgg16.stages[0][0];
    let found = first
        .weight
        .values()
        .take(1)
        .chain(first.bias.values().take(4));
    let expected = [
        0.429_470_57,
        0.734_298_35,
        0.093_403_67,
        0.067_756_74,
        0.886_296_6,
    ];
    for (found, expected) in found.zip(expected) {
        assert!(
            (found - expected).abs() < 1e-8 + 1e-7 * expected,
            "{found} {expected}"
        );
    }
}
