//! What a run needs from outside the recipe: images and backbone, fetched where they are missing.

use std::path::{Path, PathBuf};
use std::time::Instant;

use graft_assets::{Group, Manifest, Options};
use graft_dataset::{IdxPair, ImageSet, Split};
use graft_onnx_import::{Vgg16, weights};
use graft_report::record::Origin;

use crate::Error;
use graft_compute::Compute;
use graft_compute::Loaded;
use graft_compute::selfcheck;
use graft_environment::Paths;
use graft_recipe::{self as recipe, Data, MNIST};

/// The ONNX file's place in the models folder, as the manifest of assets has it.
const ONNX: &str = "vgg16.onnx";

/// Fetches what is missing, and reads it.
pub struct Sources<'a> {
    home: &'a Paths,
    options: Options<'a>,
    manifest: Manifest,
    seconds: f64,
}

impl<'a> Sources<'a> {
    /// Sources in `home`; `offline` forbids fetching, `from` is looked into first.
    ///
    /// # Errors
    /// When the bundled manifest of assets is damaged.
    pub fn new(home: &'a Paths, offline: bool, from: Option<&'a Path>) -> Result<Self, Error> {
        let options = Options {
            offline,
            from,
            progress: true,
            ..Options::default()
        };
        Ok(Self {
            home,
            options,
            manifest: Manifest::bundled()?,
            seconds: 0.0,
        })
    }

    /// Seconds spent on fetching, verifying and importing so far.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Makes sure that the files of `groups` are there and right.
    ///
    /// # Errors
    /// When one is wrong, or missing and no source has it.
    pub fn ensure(&mut self, groups: &[Group]) -> Result<Vec<graft_assets::Provided>, Error> {
        let started = Instant::now();
        let provided =
            graft_assets::ensure(&self.manifest, groups, &self.home.models(), &self.options)?;
        self.seconds += started.elapsed().as_secs_f64();
        Ok(provided)
    }

    /// The images of a split; MNIST's are fetched where they are missing, and in one go with them
    /// VGG16 where its weights are. This is the only place where image files are opened, and `train`
    /// never asks for [`Split::Test`].
    ///
    /// # Errors
    /// When a file is missing or is not what it should be.
    pub fn images(&mut self, data: &Data, split: Split) -> Result<ImageSet, Error> {
        let folder = if data.source == MNIST {
            let digits = match split {
                Split::Train => Group::MnistTrain,
                Split::Test => Group::MnistTest,
            };
            match weights::read_manifest(&self.home.weights()) {
                Ok(_) => self.ensure(&[digits])?,
                Err(_) => self.ensure(&[digits, Group::Vgg16])?,
            };
            self.home.models().join(MNIST)
        } else {
            PathBuf::from(&data.source)
        };
        let pair = IdxPair::find(&folder, split)?;
        let set = ImageSet::read(&pair.images, &pair.labels, data.classes)?;
        match data.limit {
            0 => Ok(set),
            limit => {
                let limit = limit.min(set.len());
                Ok(set.first(limit)?)
            }
        }
    }

    /// VGG16 up to the recipe's boundary, on a device that computes what the processor does. Weights that are missing or damaged are imported from ONNX, which is
    /// fetched first where that is missing too.
    ///
    /// # Errors
    /// When the ONNX file cannot be had or is not VGG16, or the device fails or computes something
    /// else.
    pub fn prefix(&mut self, compute: &Compute, recipe: recipe::Backbone) -> Result<Loaded, Error> {
        let loaded = self.loaded(compute, recipe)?;
        selfcheck::believe(
            &loaded.prefix,
            &self.home.weights(),
            compute,
            &self.home.devices(),
        )?;
        Ok(loaded)
    }

    fn loaded(&mut self, compute: &Compute, recipe: recipe::Backbone) -> Result<Loaded, Error> {
        let folder = self.home.weights();
        match Loaded::read(&folder, recipe, compute) {
            Ok(loaded) => return Ok(loaded),
            Err(error) if !error.is_of_files() => return Err(error.into()),
            Err(error) if self.imported_by_hand(&folder) => return Err(error.into()),
            Err(error) if folder.join(weights::MANIFEST).exists() => {
                tracing::warn!("{error}\nimporting the weights again");
            }
            Err(_) => {}
        }
        self.import()?;
        Ok(Loaded::read(&folder, recipe, compute)?)
    }

    /// Imports VGG16's weights from ONNX unless they are there, whatever they are worth.
    ///
    /// # Errors
    /// When the ONNX file cannot be had or is not VGG16.
    pub fn weights(&mut self) -> Result<PathBuf, Error> {
        let folder = self.home.weights();
        if weights::read_manifest(&folder).is_err() {
            self.import()?;
        }
        Ok(folder)
    }

    fn import(&mut self) -> Result<(), Error> {
        self.ensure(&[Group::Vgg16])?;
        let started = Instant::now();
        Vgg16::read(&self.home.models().join(ONNX))?.write_weights(&self.home.weights())?;
        self.seconds += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Whether the weights came from a file of the user's, which no fetch can replace.
    fn imported_by_hand(&self, folder: &Path) -> bool {
        weights::read_manifest(folder).is_ok_and(|manifest| {
            !self
                .manifest
                .assets(&[Group::Vgg16])
                .any(|asset| asset.sha256 == manifest.source.sha256)
        })
    }
}

/// The ONNX file that the weights came from, for the record.
#[must_use]
pub fn origin(loaded: &Loaded) -> Origin {
    let source = &loaded.manifest.source;
    Origin {
        file: source.file.clone(),
        sha256: source.sha256.clone(),
        // Some tools write a version and a commit, or that there is none.
        producer: format!("{} {}", source.producer, source.producer_version)
            .trim_end_matches(" None")
            .into(),
    }
}
