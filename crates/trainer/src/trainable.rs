//! What lies behind the cut: one module for one training loop.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Tensor;
use graft_compute::{ComputeContext, read};
use graft_dataset::Holdout;
use graft_head::{Head, HeadConfig, Normalisation, Statistics};
use graft_recipe::{Normalise, Pool, Recipe};
use graft_report::record::{HEAD, Predictions, STAGES};
use graft_report::{Evaluation, temperature};

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::stages::TrainedStages;
use graft_runs::Run;

/// The most rows in one forward pass where nothing is learned.
const EVALUATION_ROWS: usize = 1000;
/// The most values in one, beyond a single row: 16 MiB.
const EVALUATION_VALUES: usize = 1 << 22;

/// Everything that learns.
#[derive(Module, Debug)]
pub struct Trainable {
    /// The stages between cut and boundary; none where all stages are frozen.
    pub stages: Option<TrainedStages>,
    /// Features at the boundary to logits.
    pub head: Head,
    /// The shape `[channels, height, width]` of the features.
    #[module(skip)]
    pub(crate) maps: [usize; 3],
}

impl Trainable {
    /// Before the first step, on the device of `data`, with gradients: stages from the folder
    /// `weights`, and a head as `recipe` has it, whose statistics are those of the images `train`.
    ///
    /// # Errors
    /// When the weights cannot be read, or the device fails.
    pub fn new(
        recipe: &Recipe,
        data: &LabelledFeatures,
        train: &[usize],
        weights: &Path,
    ) -> Result<Self, Error> {
        let (backbone, size) = (recipe.backbone, recipe.preprocessing.size);
        let (network, range) = (backbone.network, backbone.cut()..backbone.boundary);
        let maps = network.feature_shape(range.start, size, size)?;
        let device = data.device.clone().autodiff();
        let last @ [_, height, width] = network.feature_shape(range.end, size, size)?;
        let (stages, features) = if range.is_empty() {
            (None, data.features.width())
        } else {
            let load = || TrainedStages::load(data.engine, weights, network, range, &device);
            (Some(data.run(load)??), last.iter().product())
        };
        let mut config = HeadConfig {
            places: match recipe.head.pool {
                Pool::Flatten => 1,
                Pool::Average => height * width,
            },
            hidden: recipe.head.hidden.clone(),
            normalise: match recipe.head.normalise {
                Normalise::PowerL2 => Normalisation::PowerL2 {
                    scale: recipe.head.scale,
                },
                Normalise::None | Normalise::Standardise => Normalisation::None,
            },
            ..HeadConfig::linear(features, data.classes, recipe.training.seed)
        };
        let head = |config: &HeadConfig| data.run(|| config.init(&device));
        let module = Self {
            stages,
            head: head(&config)?,
            maps,
        };
        if recipe.head.normalise != Normalise::Standardise {
            return Ok(module);
        }
        let statistics = module.statistics(data, train, features)?;
        config.normalise = Normalisation::Standardise(statistics);
        Ok(Self {
            head: head(&config)?,
            ..module
        })
    }

    /// The module that a complete run kept, without gradients.
    ///
    /// # Errors
    /// When a file is missing or not the one that was written.
    pub fn of_run(run: &Run, recipe: &Recipe, compute: &ComputeContext) -> Result<Self, Error> {
        let (device, engine) = (&compute.device, compute.engine);
        let (backbone, size) = (recipe.backbone, recipe.preprocessing.size);
        let (network, range) = (backbone.network, backbone.cut()..backbone.boundary);
        let maps = network.feature_shape(range.start, size, size)?;
        let head = Head::from_bytes(&run.file(HEAD)?, device);
        let path = run.folder().join(HEAD);
        let folder = run.folder().join(STAGES);
        let file = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Ok::<_, Error>(run.file(&format!("{STAGES}/{name}"))?)
        };
        Ok(Self {
            stages: if range.is_empty() {
                None
            } else {
                let stages =
                    TrainedStages::from_files(engine, &folder, network, range, device, file);
                Some(stages?)
            },
            head: head.map_err(|source| Error::Head { path, source })?,
            maps,
        })
    }

    /// The logits of a batch of features at the cut.
    ///
    /// # Shapes
    /// - features: `[batch, channels * height * width]`
    /// - logits: `[batch, classes]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, features: Tensor<2>) -> Result<Tensor<2>, Error> {
        Ok(self.head.forward(self.at_boundary(features)?))
    }

    /// The features at the boundary of a batch of those at the cut, both
    /// `[batch, channels * height * width]`.
    pub(crate) fn at_boundary(&self, features: Tensor<2>) -> Result<Tensor<2>, Error> {
        let Some(stages) = &self.stages else {
            return Ok(features);
        };
        let ([batch, _], [channels, height, width]) = (features.dims(), self.maps);
        stages.forward(features.reshape([batch, channels, height, width]))
    }

    /// How well it does on the images of `data` at some indices.
    ///
    /// # Errors
    /// When there are none, or the device fails.
    pub fn evaluate(
        &self,
        data: &LabelledFeatures,
        indices: &[usize],
    ) -> Result<Evaluation, Error> {
        let (labels, logits) = (data.labels(indices), self.logits(data, indices)?);
        Ok(Evaluation::new(&labels, &logits, data.classes)?)
    }

    /// What it makes of each of the images of `data` at some indices.
    ///
    /// # Errors
    /// When the device fails.
    pub fn predictions(
        &self,
        data: &LabelledFeatures,
        indices: &[usize],
    ) -> Result<Predictions, Error> {
        let (labels, logits) = (data.labels(indices), self.logits(data, indices)?);
        Ok(Predictions::new(indices, &labels, &logits, data.classes)?)
    }

    /// With probabilities that fit the held-out images where the recipe asks for it, and what its logits were
    /// divided by.
    ///
    /// # Errors
    /// When the device fails.
    pub(crate) fn calibrated(
        self,
        recipe: &Recipe,
        data: &LabelledFeatures,
        holdout: &Holdout,
    ) -> Result<(Self, Option<f64>), Error> {
        if !recipe.training.calibrate {
            return Ok((self, None));
        }
        let predictions = self.predictions(data, &holdout.validation)?;
        let rows = predictions.rows.iter();
        let rows: Vec<_> = rows
            .map(|row| (&row.logits[..], row.label.into()))
            .collect();
        let found = temperature(&rows);
        #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
        let head = self.head.tempered(found as f32, data.device);
        let head = head.map_err(Error::device)?;
        Ok((Self { head, ..self }, Some(found)))
    }

    /// Row by row, one value a class.
    fn logits(&self, data: &LabelledFeatures, indices: &[usize]) -> Result<Vec<f32>, Error> {
        let mut logits = Vec::with_capacity(indices.len() * data.classes);
        for batch in indices.chunks(self.rows_at_once()) {
            let features = data.rows(batch)?;
            logits.extend(data.run(|| Ok::<_, Error>(read(self.forward(features)?)?))??);
        }
        Ok(logits)
    }

    /// The features at the boundary of the images of `data` at some indices, row by row; there should be no more
    /// than [`Trainable::rows_at_once`].
    pub(crate) fn features(
        &self,
        data: &LabelledFeatures,
        batch: &[usize],
    ) -> Result<Vec<f32>, Error> {
        if self.stages.is_none() {
            return Ok(data.features.rows(batch)?);
        }
        let features = data.rows(batch)?;
        data.run(|| Ok(read(self.at_boundary(features)?)?))?
    }

    /// Mean and deviation of the features at the boundary, or of their means where the head averages maps.
    fn statistics(
        &self,
        data: &LabelledFeatures,
        train: &[usize],
        width: usize,
    ) -> Result<Statistics, Error> {
        let mut failed = None;
        // This head does not normalise yet.
        let features = |batch: &[usize]| {
            let rows = data.rows(batch)?;
            data.run(|| Ok(read(self.head.normalised(self.at_boundary(rows)?))?))?
        };
        let batches = train.chunks(self.rows_at_once());
        let batches = batches.map_while(|batch| features(batch).map_err(|e| failed = Some(e)).ok());
        let width = width / self.head.places();
        let rows = batches.flat_map(|values| {
            let rows = values.chunks_exact(width).map(<[f32]>::to_vec);
            rows.collect::<Vec<_>>()
        });
        let statistics = Statistics::of(rows, width);
        failed.map_or(Ok(statistics), Err)
    }

    /// How many images are well passed at once: by the largest maps of one of them.
    pub(crate) fn rows_at_once(&self) -> usize {
        let [channels, height, width] = self.maps;
        let first = self.stages.as_ref().and_then(|stages| {
            let (network, range) = stages.place();
            network.between(range).next()
        });
        let channels = first.map_or(channels, |stage| stage.channels().max(channels));
        let values = channels * height * width;
        (EVALUATION_VALUES / values.max(1)).clamp(1, EVALUATION_ROWS)
    }

    /// The files that a run keeps of it, by name: the head, and the stages as in a weights folder.
    /// `run` is the run's folder, for messages.
    ///
    /// # Errors
    /// When the device does not give the weights back.
    pub(crate) fn files(&self, run: &Path) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let head = self.head.to_bytes().map_err(|source| Error::Head {
            path: run.join(HEAD),
            source,
        })?;
        let stages = self
            .stages
            .as_ref()
            .map_or(Ok(Vec::new()), TrainedStages::to_files)?;
        let stages = stages.into_iter();
        let stages = stages.map(|(name, bytes)| (format!("{STAGES}/{name}"), bytes));
        Ok([(HEAD.to_owned(), head)]
            .into_iter()
            .chain(stages)
            .collect())
    }
}
