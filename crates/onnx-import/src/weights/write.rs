//! Writing a weights folder.

use std::collections::HashMap;
use std::path::Path;

use onnx_protobuf::FloatTensor;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError};
use serde_json::json;

use super::manifest::{BlockFile, FORMAT, MANIFEST, Manifest, block_file};
use crate::{Convolution, Error, Imported};

impl Imported {
    /// Writes `block1.safetensors`, `block2.safetensors`, ..., and at last `weights.json`, into
    /// `folder`, which is made if need be. The same file gives the same bytes.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_weights(&self, folder: &Path) -> Result<Manifest, Error> {
        let mut blocks = Vec::new();
        for (block, convolutions) in (1..).zip(&self.stages) {
            let label = json!({"block": block, "source_sha256": self.source.sha256});
            let bytes = serialize(convolutions, label.to_string())?;
            let (file, sha256) = (block_file(block), graft_durable::sha256(&bytes));
            graft_durable::write(&folder.join(&file), &bytes)?;
            blocks.push(BlockFile { file, sha256 });
        }
        let manifest = Manifest {
            format: FORMAT,
            source: self.source.clone(),
            blocks,
        };
        let json = manifest.to_json().map_err(SafeTensorError::from)?;
        graft_durable::write(&folder.join(MANIFEST), &json)?;
        Ok(manifest)
    }
}

/// A block's file, which says `label` about itself.
fn serialize(convolutions: &[Convolution], label: String) -> Result<Vec<u8>, SafeTensorError> {
    let mut tensors = Vec::new();
    for (number, convolution) in (1..).zip(convolutions) {
        tensors.push((format!("conv2d{number}.weight"), view(&convolution.weight)?));
        tensors.push((format!("conv2d{number}.bias"), view(&convolution.bias)?));
    }
    safetensors::serialize(tensors, Some(HashMap::from([("graft".to_owned(), label)])))
}

fn view(tensor: &FloatTensor) -> Result<TensorView<'_>, SafeTensorError> {
    TensorView::new(Dtype::F32, tensor.dims().to_vec(), tensor.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{fill, vgg16};
    use crate::weights::{Source, read_block, read_manifest};
    use safetensors::SafeTensors;

    #[test]
    fn a_folder_says_what_the_model_says() {
        let source = Source {
            file: "vgg16.onnx".into(),
            sha256: "ab".repeat(32),
            ..Source::default()
        };
        let vgg16 = Imported::from_model(&fill(vgg16()), source).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let manifest = vgg16.write_weights(folder.path()).unwrap();
        assert_eq!(read_manifest(folder.path()).unwrap(), manifest);
        for block in 1..=5 {
            let bytes = read_block(folder.path(), &manifest, block).unwrap();
            let tensors = SafeTensors::deserialize(&bytes).unwrap();
            let convolutions = &vgg16.stages[block - 1];
            assert_eq!(tensors.len(), 2 * convolutions.len());
            for (number, convolution) in (1..).zip(convolutions) {
                let parts = [("weight", &convolution.weight), ("bias", &convolution.bias)];
                for (part, expected) in parts {
                    let found = tensors.tensor(&format!("conv2d{number}.{part}")).unwrap();
                    assert_eq!(found.dtype(), Dtype::F32);
                    assert_eq!(found.shape(), expected.dims());
                    assert!(found.data() == expected.bytes());
                }
            }
            let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
            let label = &header.metadata().as_ref().unwrap()["graft"];
            let expected = format!(
                r#"{{"block":{block},"source_sha256":"{}"}}"#,
                "ab".repeat(32)
            );
            assert_eq!(label, &expected);
        }
    }

    #[test]
    fn the_same_model_gives_the_same_bytes() {
        let vgg16 = Imported::from_model(&fill(vgg16()), Source::default()).unwrap();
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [first, second] = folders.each_ref().map(|folder| {
            let manifest = vgg16.write_weights(folder.path()).unwrap();
            let json = std::fs::read(folder.path().join(MANIFEST)).unwrap();
            (manifest, json)
        });
        assert_eq!(first, second);
    }
}
