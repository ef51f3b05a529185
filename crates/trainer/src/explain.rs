//! Why mistakes were made, as far as it can be seen.

use graft_environment::{Paths, interrupt};
use graft_recipe::Recipe;
use graft_report::record::{Explained, HEAD, Looked, Picture, Predictions};
use graft_runs::Run;
use graft_web::{ActivationMap, Head};

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::neighbours::TrainingSet;
use crate::sources::Sources;
use crate::trainable::Trainable;

/// How many of the most confident mistakes are looked into, and how many training images are told of each.
const LOOKED_INTO: (usize, usize) = (12, 3);
/// The most bytes of features that are read for it: twice those of MNIST after block 3.
const MOST_BYTES: u64 = 2 << 30;

/// Where the head of `run` looked in the first of its `mistakes`, which are images of `data`, and what it learned
/// from that is alike.
///
/// # Errors
/// When the head is not the one that was written, or the device fails.
pub(crate) fn explain(
    run: &Run,
    recipe: &Recipe,
    module: &Trainable,
    (data, predictions): (&LabelledFeatures, &Predictions),
    mistakes: &[Picture],
    (home, sources): (&Paths, &mut Sources),
) -> Result<Vec<Explained>, Error> {
    let (most, count) = LOOKED_INTO;
    let indices = mistakes.iter().take(most).map(|picture| picture.index);
    let indices: Vec<usize> = indices.collect();
    if indices.is_empty() {
        return Ok(Vec::new());
    }
    let of = &run.manifest().data;
    let head = Head::from_bytes(&run.file(HEAD)?, of.classes)?;
    let (backbone, preprocessing) = (recipe.backbone, recipe.preprocessing);
    let size = preprocessing.size;
    let [channels, ..] = backbone
        .network
        .feature_shape(backbone.boundary, size, size)?;
    #[expect(clippy::cast_precision_loss, reason = "sides of an image")]
    let [rows, columns] = [of.rows as f64, of.columns as f64];
    let looked = |index: usize| {
        let features = module.features(data, &[index])?;
        let class = predictions.rows[index].predicted();
        let image = (&preprocessing, [of.rows, of.columns]);
        let map = ActivationMap::of(&head, (&features, channels), class, image);
        Ok::<_, Error>(map.map(|ActivationMap { values, area }| {
            let [top, left, height, width] = area;
            Looked {
                values,
                area: [top / rows, left / columns, height / rows, width / columns],
            }
        }))
    };
    let set = match TrainingSet::open(run, home, sources, Some(MOST_BYTES)) {
        Err(error) if interrupt::requested().is_some() => return Err(error),
        // That training images are gone is no reason not to evaluate.
        Err(error) => {
            tracing::warn!("no training images beside mistakes: {error}");
            None
        }
        Ok(set) => set,
    };
    let alike = set.map(|set| set.alike(&data.features.rows(&indices)?, count));
    let alike = alike
        .transpose()?
        .unwrap_or_else(|| vec![Vec::new(); indices.len()]);
    let explained = indices.into_iter().zip(alike).map(|(index, alike)| {
        let map = looked(index)?;
        Ok(Explained { index, map, alike })
    });
    explained.collect()
}
