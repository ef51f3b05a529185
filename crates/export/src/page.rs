//! A run as a page without a server: static files, of which one is the model and two are the code that
//! computes, as WebAssembly.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use graft_dataset::PictureForm;
use graft_runs::Run;
use graft_web::{About, ClassMeans, Tensor};
use onnx_protobuf::FloatTensor;

use crate::{Classifier, Error};

/// The code that computes: for browsers with SIMD, and for those without it.
pub const WASM: [&str; 2] = ["graft.wasm", "graft-plain.wasm"];
/// The file of the model.
pub const MODEL: &str = "model.safetensors";
/// How every file of WebAssembly begins: its magic number and version 1.
const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// The page, and what lies beside it: that of a server, but for what computes.
const FILES: [(&str, &str); 8] = [
    ("index.html", include_str!("../../serve/page/index.html")),
    ("app.js", include_str!("../../serve/page/app.js")),
    ("draw.js", include_str!("../../serve/page/draw.js")),
    ("texts.js", include_str!("../../serve/page/texts.js")),
    ("style.css", include_str!("../../serve/page/style.css")),
    ("icon.svg", include_str!("../../serve/page/icon.svg")),
    ("model.js", include_str!("../../web/page/model.js")),
    ("worker.js", include_str!("../../web/page/worker.js")),
];

/// What a page may load: its own files alone. A static host sends no headers of ours.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
    connect-src 'self'; style-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'";
/// The policy stands behind it.
const HEAD: &str = "<head>";

impl Classifier {
    /// The model of a page as a file, for `run`, whose classifier this is and whose images `pictures` are
    /// brought to the form of. With `half`, weights are kept as 16-bit floats.
    ///
    /// # Errors
    /// When the file cannot be put together.
    pub fn to_page_model(
        &self,
        run: &Run,
        pictures: PictureForm,
        half: bool,
    ) -> Result<Vec<u8>, Error> {
        let data = &run.manifest().data;
        let name = run.folder().file_name().unwrap_or_default();
        let about = About {
            name: name.to_string_lossy().into_owned(),
            classes: data.all_names(),
            pictures,
            rows: data.rows,
            columns: data.columns,
            channels: data.channels,
            preprocessing: self.preprocessing,
        };
        Ok(graft_web::to_bytes(&about, &self.tensors(), half)?)
    }

    fn tensors(&self) -> Vec<Tensor> {
        let mut tensors = Vec::new();
        let mut add = |name: String, tensor: &FloatTensor| {
            tensors.push(Tensor {
                name,
                shape: tensor.dims().to_vec(),
                values: tensor.values().collect(),
            });
        };
        for (stage, convolutions) in (1..).zip(&self.stages) {
            for (number, one) in (1..).zip(convolutions) {
                add(format!("stage{stage}.conv2d{number}.weight"), &one.weight);
                add(format!("stage{stage}.conv2d{number}.bias"), &one.bias);
            }
        }
        for (name, tensor) in self.head.tensors() {
            add(name, tensor);
        }
        tensors.extend(self.means.iter().flat_map(ClassMeans::to_tensors));
        tensors
    }
}

/// Writes a page with `model` to `folder`, with the code from the folder `wasm`, and gives its size in bytes.
/// A page that was exported before is replaced; a folder with anything else in it is not.
///
/// # Errors
/// When the code is missing, the folder has files of somebody else's, or cannot be written.
pub fn write_page(model: &[u8], wasm: &Path, folder: &Path) -> Result<u64, Error> {
    let page = |(name, content): &(&'static str, &str)| {
        let policy =
            format!("{HEAD}\n  <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
        let content = match *name {
            "index.html" => content.replacen(HEAD, &policy, 1),
            _ => (*content).to_owned(),
        };
        (*name, content.into_bytes())
    };
    let mut files: Vec<_> = FILES.iter().map(page).collect();
    for name in WASM {
        files.push((name, code(&wasm.join(name))?));
    }
    files.push((MODEL, model.to_vec()));
    check_free(folder, &files)?;
    graft_durable::create_folder(folder)?;
    for (name, content) in &files {
        graft_durable::write(&folder.join(name), content)?;
    }
    Ok(files.iter().map(|(_, content)| content.len() as u64).sum())
}

/// A file of WebAssembly.
fn code(path: &Path) -> Result<Vec<u8>, Error> {
    let refuse = |found| Error::Wasm {
        path: path.to_owned(),
        found,
    };
    let bytes = fs::read(path).map_err(|error| refuse(error.to_string()))?;
    if bytes.starts_with(MAGIC) {
        return Ok(bytes);
    }
    Err(refuse("another file".into()))
}

/// Refuses a folder that has files which a page has not.
fn check_free<T>(folder: &Path, files: &[(&str, T)]) -> Result<(), Error> {
    let there = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        there => there.map_err(graft_durable::Error::on("read folder", folder))?,
    };
    let mut others = there.flatten().filter(|entry| {
        let name = entry.file_name();
        files.iter().all(|(ours, _)| *ours != name)
    });
    others
        .next()
        .map_or(Ok(()), |other| Err(Error::Occupied(other.path())))
}
