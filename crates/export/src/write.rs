//! The file on the disk: whole, or as it was before.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use graft_durable::Pending;
use onnx_protobuf::{Message, ModelProto};

use crate::model::PRODUCER;
use crate::{Classifier, Error, Options};

impl Classifier {
    /// Writes the classifier as an ONNX file, and gives the file's size. A file that was exported
    /// before is replaced, any other is not.
    ///
    /// # Errors
    /// When the file is somebody else's, or cannot be written.
    pub fn write(&self, options: Options, path: &Path) -> Result<u64, Error> {
        if !is_free(path)? {
            return Err(Error::Occupied(path.to_owned()));
        }
        let model = self.to_model(options);
        let bytes = model.encoded_len() as u64;
        let mut file = Pending::create(path)?;
        onnx_protobuf::write(model, &mut file).map_err(graft_durable::Error::on("write", path))?;
        file.commit()?;
        Ok(bytes)
    }
}

/// Whether there is nothing at `path`, or a file that begins as all of ours do.
fn is_free(path: &Path) -> Result<bool, Error> {
    let ours = ModelProto {
        producer_name: PRODUCER.into(),
        ir_version: crate::model::IR_VERSION,
        ..ModelProto::default()
    };
    let ours = ours.encode_to_vec();
    let mut start = Vec::new();
    match File::open(path).and_then(|file| file.take(ours.len() as u64).read_to_end(&mut start)) {
        Ok(_) => Ok(start == ours),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(graft_durable::Error::on("read", path)(error).into()),
    }
}
