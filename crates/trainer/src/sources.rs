//! What a run needs from outside the recipe: images and backbone, fetched where they are missing.

mod images;

pub use images::described;

use std::path::{Path, PathBuf};
use std::time::Instant;

use graft_assets::{Group, Manifest, Options};
use graft_dataset::{ImageForm, ImageSet, PictureRequest, Split, read_verdicts};
use graft_network::Network;
use graft_onnx_import::{Imported, weights};
use graft_report::record::Origin;

use crate::Error;
use graft_compute::ComputeContext;
use graft_compute::LoadedBackbone;
use graft_compute::selfcheck;
use graft_environment::Paths;
use graft_recipe::{self as recipe, MNIST, Recipe};

/// The network whose ONNX file is fetched, and that file's place in the models folder, as the manifest
/// of assets has it.
const FETCHED: (Network, &str) = (Network::VGG16, "vgg16.onnx");

/// Fetches what is missing, and reads it.
pub struct Sources<'a> {
    home: &'a Paths,
    options: Options<'a>,
    manifest: Manifest,
    seconds: f64,
    skip_bad: bool,
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
            ..Options::default()
        };
        Ok(Self {
            home,
            options,
            manifest: Manifest::bundled()?,
            seconds: 0.0,
            skip_bad: false,
        })
    }

    /// Whether pictures that cannot be read are left out rather than refused.
    #[must_use]
    pub fn skipping_bad(self, skip_bad: bool) -> Self {
        Self { skip_bad, ..self }
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

    /// The images of a split; MNIST's are fetched where they are missing, and in one go with them the
    /// network where its weights are. Where `form` is given, which is that of a run's training images,
    /// pictures are brought to it, and IDX images must have its size. This is the only place where image
    /// files are opened, and `train` never asks for [`Split::Test`].
    ///
    /// # Errors
    /// When a file is missing or is not what it should be.
    pub fn images(
        &mut self,
        recipe: &Recipe,
        split: Split,
        form: Option<ImageForm>,
    ) -> Result<ImageSet, Error> {
        let data = &recipe.data;
        let mut images = self.read(recipe, split, form)?;
        if split == Split::Test {
            return Ok(images);
        }
        if !data.labels.is_empty() {
            let table = Path::new(&data.labels);
            images = images.judged(table, &read_verdicts(table)?)?;
        }
        if data.per_class == 0 {
            return Ok(images);
        }
        let holdout = (data.validation, recipe.training.seed);
        Ok(images.per_class(data.per_class, holdout, data.split_seed)?)
    }

    fn read(
        &mut self,
        recipe: &Recipe,
        split: Split,
        form: Option<ImageForm>,
    ) -> Result<ImageSet, Error> {
        let data = &recipe.data;
        let cache = self.home.cache();
        let request = PictureRequest {
            split,
            test_share: data.test_share,
            seed: data.split_seed,
            limit: data.limit,
            preprocessing: recipe.preprocessing,
            form,
            cache: &cache,
            skip_bad: self.skip_bad,
        };
        let source = Path::new(&data.source);
        let images = if data.source == MNIST {
            self.mnist(recipe.backbone.network, split)?;
            images::idx(&self.home.models().join(MNIST), split, data, form)?
        } else if images::is_of_pictures(source, &data.prefix) {
            images::pictures(&data.source, request, None)?
        } else {
            images::idx(source, split, data, form)?
        };
        if data.extra.is_empty() {
            return Ok(images);
        }
        images::pictures(&data.extra, request, Some(images))
    }

    /// The form of the training images.
    ///
    /// # Errors
    /// As [`Sources::images`].
    pub fn form(&mut self, recipe: &Recipe) -> Result<ImageForm, Error> {
        let images = self.images(recipe, Split::Train, None)?;
        Ok(images.form(recipe.preprocessing.fit))
    }

    fn mnist(&mut self, network: Network, split: Split) -> Result<(), Error> {
        let digits = match split {
            Split::Train => Group::MnistTrain,
            Split::Test => Group::MnistTest,
        };
        let imported = weights::read_manifest(&self.home.weights(network.name)).is_ok();
        if imported || network != FETCHED.0 {
            self.ensure(&[digits])?;
        } else {
            self.ensure(&[digits, Group::Vgg16])?;
        }
        Ok(())
    }

    /// The network up to the recipe's boundary, on a device that passed verification. Weights that are
    /// missing or damaged are imported from ONNX, where that file can be fetched.
    ///
    /// # Errors
    /// When there are no weights and no ONNX file to fetch, or the device fails or its results differ
    /// from the CPU's.
    pub fn backbone(
        &mut self,
        compute: &ComputeContext,
        recipe: recipe::Backbone,
    ) -> Result<LoadedBackbone, Error> {
        let loaded = self.loaded(compute, recipe)?;
        selfcheck::verify(
            compute,
            &self.home.weights(recipe.network.name),
            recipe,
            &self.home.devices(),
        )?;
        Ok(loaded)
    }

    fn loaded(
        &mut self,
        compute: &ComputeContext,
        recipe: recipe::Backbone,
    ) -> Result<LoadedBackbone, Error> {
        let folder = self.home.weights(recipe.network.name);
        match LoadedBackbone::read(&folder, recipe, compute) {
            Ok(loaded) => return Ok(loaded),
            Err(error) if !error.is_of_files() => return Err(error.into()),
            Err(error) if self.imported_by_hand(&folder) => return Err(error.into()),
            Err(_) if recipe.network != FETCHED.0 => {
                return Err(Error::NoWeights {
                    network: recipe.network,
                    folder,
                });
            }
            Err(error) if folder.join(weights::MANIFEST).exists() => {
                tracing::warn!("{error}\nimporting the weights again");
            }
            Err(_) => {}
        }
        self.import()?;
        Ok(LoadedBackbone::read(&folder, recipe, compute)?)
    }

    /// The weights folder of a network. Where there is none, the network that is fetched is imported,
    /// whatever the files of a folder that is there are worth.
    ///
    /// # Errors
    /// When the ONNX file cannot be had or used, or the network is none that is fetched.
    pub fn weights(&mut self, network: Network) -> Result<PathBuf, Error> {
        let folder = self.home.weights(network.name);
        match weights::read_manifest(&folder) {
            Ok(_) => {}
            Err(_) if network == FETCHED.0 => self.import()?,
            Err(_) => return Err(Error::NoWeights { network, folder }),
        }
        Ok(folder)
    }

    fn import(&mut self) -> Result<(), Error> {
        let onnx = self.onnx()?;
        let started = Instant::now();
        Imported::read(&onnx)?.write_weights(&self.home.weights(FETCHED.0.name))?;
        self.seconds += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// The ONNX file that is fetched.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn onnx(&mut self) -> Result<PathBuf, Error> {
        self.ensure(&[Group::Vgg16])?;
        Ok(self.home.models().join(FETCHED.1))
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
pub fn origin(loaded: &LoadedBackbone) -> Origin {
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
