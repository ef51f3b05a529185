//! What an exported file is made of.

use std::path::Path;

use graft_dataset::Preprocessing;
use graft_network::{Boundary, KERNEL, Stage};
use graft_onnx_import::{Convolution, weights};
use graft_report::record::{CLASS_MEANS, HEAD, STAGES};
use graft_runs::Run;
use graft_web::ClassMeans;

use crate::head::Head;
use crate::tensors::Tensors;
use crate::{Error, metadata};

/// A network from pixels to logits, with all that it knows about itself.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// The images that it takes.
    pub images: Images,
    /// What is done to them first.
    pub preprocessing: Preprocessing,
    /// The convolutions of each stage that is kept, frozen or trained.
    pub stages: Vec<Vec<Convolution>>,
    /// What follows them.
    pub head: Head,
    /// What tells whether an image is of any class; a page has it, an ONNX file does not.
    pub means: Option<ClassMeans>,
    /// What the file says about itself, by key.
    pub metadata: Vec<(&'static str, String)>,
}

/// The form of images: u8, `[rows, columns]` where they are grey, `[rows, columns, 3]` in the order red,
/// green, blue where they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Images {
    /// Their height in pixels.
    pub rows: usize,
    /// Their width in pixels.
    pub columns: usize,
    /// Whether they have three channels.
    pub colour: bool,
}

impl Classifier {
    /// What `run` kept, with the frozen stages from the folder `weights` of its network.
    ///
    /// # Errors
    /// When a file is missing or not what it was, or the weights are not those that the run was trained
    /// with.
    pub fn read(run: &Run, weights: &Path) -> Result<Self, Error> {
        let recipe = run.recipe()?;
        let (backbone, size) = (recipe.backbone, recipe.preprocessing.size);
        let (network, cut) = (backbone.network, backbone.cut());
        let mut stages = frozen(run, weights, network.between(Boundary::IMAGES..cut))?;
        for stage in network.between(cut..backbone.boundary) {
            let name = format!("{STAGES}/{}.safetensors", stage.boundary);
            let file = Tensors::new(&run.folder().join(&name), run.file(&name)?);
            stages.push(convolutions(stage, &file)?);
        }
        let maps = network.feature_shape(backbone.boundary, size, size)?;
        let data = &run.manifest().data;
        let means = if run.has(CLASS_MEANS) {
            Some(ClassMeans::from_bytes(&run.file(CLASS_MEANS)?)?)
        } else {
            None
        };
        let head = Tensors::new(&run.folder().join(HEAD), run.file(HEAD)?);
        Ok(Self {
            images: Images {
                rows: data.rows,
                columns: data.columns,
                colour: data.channels == 3,
            },
            preprocessing: recipe.preprocessing,
            stages,
            head: Head::read(&head, maps, data.classes)?,
            means,
            metadata: metadata::of(run)?,
        })
    }

    /// The number of weights and biases.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let convolutions = self.stages.iter().flatten();
        let stages = convolutions.map(|one| one.weight.values().len() + one.bias.values().len());
        let layers = self.head.hidden.iter().chain([&self.head.linear]);
        let head = layers.map(|one| one.weight.values().len() + one.bias.values().len());
        stages.chain(head).sum()
    }
}

/// The convolutions of the frozen `stages`, if they are those that the run was trained with.
fn frozen(
    run: &Run,
    folder: &Path,
    stages: impl Iterator<Item = Stage>,
) -> Result<Vec<Vec<Convolution>>, Error> {
    let stages: Vec<Stage> = stages.collect();
    if stages.is_empty() {
        return Ok(Vec::new());
    }
    let manifest = weights::read_manifest(folder)?;
    let hashes = manifest.blocks.iter().take(stages.len());
    run.check_weights(&hashes.map(|one| one.sha256.clone()).collect::<Vec<_>>())?;
    let read = |stage: Stage| {
        let bytes = weights::read_block(folder, &manifest, stage.boundary.number())?;
        let path = folder.join(format!("{}.safetensors", stage.boundary));
        convolutions(stage, &Tensors::new(&path, bytes))
    };
    stages.into_iter().map(read).collect()
}

fn convolutions(stage: Stage, file: &Tensors) -> Result<Vec<Convolution>, Error> {
    let read = |(number, [input, output]): (usize, [usize; 2])| {
        let shape = [output, input, KERNEL[0], KERNEL[1]];
        Ok(Convolution {
            weight: file.get(&format!("conv2d{number}.weight"), &shape)?,
            bias: file.get(&format!("conv2d{number}.bias"), &[output])?,
        })
    };
    (1..).zip(stage.convolutions()).map(read).collect()
}
