//! Files as today's exporters write them, and other networks. `scripts/full_fixtures.sh` makes them
//! in a folder, whose path is in `GRAFT_FULL_FIXTURES`.

#[cfg(test)]
mod full {
    use std::fs;
    use std::path::PathBuf;

    use graft_onnx_import::{Convolution, Imported};
    use serde_json::Value;

    fn fixture(name: &str) -> PathBuf {
        let folder = std::env::var_os("GRAFT_FULL_FIXTURES").expect(
            "GRAFT_FULL_FIXTURES names the folder that scripts/full_fixtures.sh has filled",
        );
        PathBuf::from(folder).join(name)
    }

    /// Compares the start of a convolution's weights with what the exporter took down.
    fn assert_starts(convolution: &Convolution, expected: &Value) {
        let parts = [
            (&convolution.weight, "kernel", 9),
            (&convolution.bias, "bias", 4),
        ];
        for (tensor, part, count) in parts {
            let found: Vec<f32> = tensor.values().take(count).collect();
            let expected: Vec<f32> = serde_json::from_value(expected[part].clone()).unwrap();
            assert_eq!(found, expected, "{part}");
        }
    }

    fn assert_accepted(exporter: &str, producer: &str) {
        let vgg16 = Imported::read(&fixture(&format!("{exporter}.onnx"))).unwrap();
        assert_eq!(vgg16.parameters(), 14_714_688);
        assert_eq!(vgg16.source.producer, producer);
        let json = fs::read(fixture(&format!("{exporter}.json"))).unwrap();
        let start: Value = serde_json::from_slice(&json).unwrap();
        let blocks = &vgg16.stages;
        assert_starts(blocks[0].first().unwrap(), &start["first"]);
        assert_starts(blocks[4].last().unwrap(), &start["last"]);
    }

    #[test]
    #[ignore = "installs TensorFlow and PyTorch; run by cargo xtask test --full"]
    fn a_keras_export_is_accepted() {
        assert_accepted("keras", "tf2onnx");
    }

    #[test]
    #[ignore = "installs TensorFlow and PyTorch; run by cargo xtask test --full"]
    fn a_torchvision_export_is_accepted() {
        assert_accepted("torchvision", "pytorch");
    }

    #[test]
    #[ignore = "installs TensorFlow and PyTorch; run by cargo xtask test --full"]
    fn other_networks_are_refused_for_what_they_are() {
        let cases = [
            ("resnet50", "expected kernel_shape [3, 3], found [7, 7]"),
            ("squeezenet", "expected strides [1, 1], found [2, 2]"),
        ];
        for (network, expected) in cases {
            let path = fixture(&format!("light_{network}.onnx"));
            let error = Imported::read(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}: {expected}");
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
    }
}
