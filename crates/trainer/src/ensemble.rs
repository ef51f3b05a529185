//! Complete runs as one model in memory: the mean of their probabilities, over views of a picture too.

use std::path::Path;

use graft_compute::ComputeContext;
use graft_dataset::Picture;
use graft_report::mean_logits;
use graft_runs::Run;

use crate::evaluate::viewed;
use crate::sources::Sources;
use crate::{Error, Model, Prediction};

/// Complete runs, loaded to classify pictures together; one run without views answers as its [`Model`] does.
pub struct Ensemble {
    models: Vec<Model>,
    /// How many views of a picture each sees, itself included.
    views: usize,
}

impl Ensemble {
    /// Loads `runs`, of which there is at least one, to see so many views of a picture, itself included (0 is as
    /// 1). They tell the same classes apart, as those of [`Run::open_all`] do.
    ///
    /// # Errors
    /// As [`Model::load`], and when there are to be views and a recipe has no ranges for them.
    pub fn load(
        runs: &[Run],
        views: usize,
        compute: &ComputeContext,
        sources: &mut Sources,
    ) -> Result<Self, Error> {
        let models = runs.iter().map(|run| {
            viewed(run, views)?;
            Model::load(run, compute, sources)
        });
        Ok(Self {
            models: models.collect::<Result<_, _>>()?,
            views: views.max(1),
        })
    }

    /// The name of every class; its number where it has none.
    ///
    /// # Panics
    /// When no run was loaded.
    #[must_use]
    pub fn classes(&self) -> Vec<String> {
        self.models[0].classes()
    }

    /// The picture in the file `path` as an image of each run, in their order.
    ///
    /// # Errors
    /// As [`Input::read`](crate::Input::read).
    pub fn read(&self, path: &Path) -> Result<Vec<Picture>, graft_dataset::Error> {
        let models = self.models.iter();
        models.map(|model| model.input().read(path)).collect()
    }

    /// What the runs make of one picture that is in the form of the images of each. Class and probabilities are
    /// those of the mean over runs and views; all else is as the first run has it of the picture itself: the
    /// pixels, where the class was seen, and whether it is of any class.
    ///
    /// # Errors
    /// As [`Model::classify`].
    ///
    /// # Panics
    /// When no run was loaded, or there is no picture.
    pub fn classify(&self, pictures: &[Picture]) -> Result<Prediction, Error> {
        let each = self.models.iter().zip(pictures);
        let passed = each.flat_map(|(model, picture)| {
            let view = |number| model.features_and_logits(&model.view(&picture.pixels, number));
            (0..self.views).map(view)
        });
        let passed: Vec<_> = passed.collect::<Result<_, Error>>()?;
        let logits: Vec<&[f32]> = passed.iter().map(|(_, logits)| &**logits).collect();
        Ok(self.models[0].prediction(&pictures[0], &passed[0].0, &mean_logits(&logits)))
    }
}
